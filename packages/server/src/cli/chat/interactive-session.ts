import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { Condition } from "turnwire/internal";
import type { ChatSession } from "./chat-session.ts";
import type { Screen } from "./screen.ts";

/**
 * A conversation with a person at a terminal. A line typed during a reply interrupts it and is sent next; commands are
 * run at once; Ctrl-C interrupts a reply, and leaves when there is none.
 */
export class InteractiveSession {
  readonly #conversation: ChatSession;
  readonly #screen: Screen;
  readonly #input: NodeJS.ReadableStream;
  readonly #lines: string[] = [];
  #reply: AbortController | undefined;
  #left = false;
  readonly #changed = new Condition();

  constructor(conversation: ChatSession, screen: Screen, input: NodeJS.ReadableStream) {
    this.#conversation = conversation;
    this.#screen = screen;
    this.#input = input;
  }

  /** Resolves when the person has left, or the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const editor = this.#startEditor(signal);
    const repaint = (): void => this.#screen.refresh();
    // Added after the editor's own listener, which has taken the key by then.
    this.#input.on("keypress", repaint);
    editor.on("SIGCONT", repaint);
    try {
      for (let said = await this.#next(); said !== undefined; said = await this.#next()) {
        this.#screen.promptAlways = false;
        this.#reply = new AbortController();
        await this.#conversation.say(said, this.#reply.signal);
        this.#reply = undefined;
      }
    } finally {
      this.#input.off("keypress", repaint);
      editor.close();
      this.#screen.attach({ line: "", cursor: 0 });
      this.#screen.promptAlways = false;
    }
  }

  /** Node's line editor, with an output that goes nowhere: it does not know the text above its line. */
  #startEditor(signal: AbortSignal): Interface {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const editor = createInterface({ input: this.#input, output: nowhere, terminal: true, prompt: "", signal });
    editor.on("line", (line) => this.#onLine(line.trim()));
    editor.on("SIGINT", () => (this.#reply === undefined ? this.#leave() : this.#reply.abort()));
    editor.on("close", () => this.#leave());
    this.#screen.attach(editor);
    return editor;
  }

  #onLine(line: string): void {
    if (line === "" || this.#left) return;
    this.#screen.commit(line);
    if (line.startsWith("/")) {
      if (!this.#conversation.command(line)) this.#leave();
      return;
    }
    this.#lines.push(line);
    this.#reply?.abort();
    this.#changed.notify();
  }

  #leave(): void {
    this.#left = true;
    this.#reply?.abort();
    this.#changed.notify();
  }

  /** The next line to send; undefined when the person has left. */
  async #next(): Promise<string | undefined> {
    if (!this.#left && this.#lines.length === 0) this.#screen.promptAlways = true;
    await this.#changed.wait(() => this.#left || this.#lines.length > 0);
    return this.#left ? undefined : this.#lines.shift();
  }
}
