import {
  type Frame,
  FunctionCallCancelFrame,
  FunctionCallResultFrame,
  type InferenceRecord,
  LLMContext,
  LLMTextFrame,
  LLMThoughtTextFrame,
} from "turnwire";
import { errorCode, errorLine } from "../shared/error-hints.ts";
import type { Backend } from "./backend.ts";
import type { ChatEvent } from "./chat-events.ts";
import { commands } from "./help.ts";
import { calculate } from "./tools/calculate.ts";
import { currentTime } from "./tools/current-time.ts";

/** A conversation with a backend. */
export class ChatSession {
  readonly context = new LLMContext({ tools: [calculate, currentTime()] });
  readonly #backend: Backend;
  readonly #show: (event: ChatEvent) => void;
  readonly #records: InferenceRecord[] = [];
  #turns = 0;

  /** @param show Shows what happens. */
  constructor(backend: Backend, show: (event: ChatEvent) => void) {
    this.#backend = backend;
    this.#show = show;
    const { llm } = backend;
    llm.on("inference", (record) => {
      this.#records.push(record);
      show({ type: "record", turn: this.#turns, record });
    });
    let whyLost = "";
    llm.on("disconnected", ({ reason }) => {
      whyLost = reason;
    });
    llm.on("reconnected", () => show({ type: "reconnected", reason: whyLost }));
  }

  /** Sends a message and shows the answer, until the signal fires. Returns whether the turn succeeded. */
  async say(said: string, signal: AbortSignal): Promise<boolean> {
    const turn = ++this.#turns;
    const startMs = performance.now();
    const firstRecord = this.#records.length;
    const tools: Array<{ name: string; failed: boolean }> = [];
    let text = "";
    let firstTextMs: number | undefined;
    let failure: { error: unknown } | undefined;
    this.#show({ type: "user", turn, text: said });
    this.context.addUserMessage(said);
    try {
      for await (const frame of this.#backend.llm.respond(this.context, { signal })) {
        if (frame instanceof LLMTextFrame) {
          firstTextMs ??= performance.now() - startMs;
          text += frame.text;
        }
        if (frame instanceof FunctionCallResultFrame) {
          tools.push({ name: frame.functionCall.functionName, failed: frame.failed });
        }
        this.#showFrame(turn, frame);
      }
    } catch (error) {
      failure = { error };
    }
    const { aborted: interrupted } = signal;
    const failed = failure !== undefined;
    this.#show({ type: "assistant", turn, text, interrupted, firstTextMs: firstTextMs ?? null });
    this.#show({
      type: "summary",
      interrupted,
      failed,
      records: this.#records.slice(firstRecord),
      tools,
      firstTextMs,
    });
    if (failure !== undefined) {
      this.#show({ type: "error", turn, code: errorCode(failure.error), message: errorLine(failure.error) });
    }
    return !failed;
  }

  /** Runs a command. Returns whether the conversation goes on. */
  command(line: string): boolean {
    this.#show({ type: "command", line });
    if (line === "/quit") return false;
    this.#show(this.#answerTo(line));
    return true;
  }

  #answerTo(line: string): ChatEvent {
    switch (line) {
      case "/stats":
        return { type: "stats", records: this.#records };
      case "/context":
        return { type: "context", messages: this.context.messages };
      case "/drop":
        return { type: "dropped", connections: this.#backend.drop() };
      case "/help":
        return { type: "help", commands };
      default:
        return { type: "notice", message: `There is no command ${line.split(/\s/)[0]}; /help says which there are.` };
    }
  }

  #showFrame(turn: number, frame: Frame): void {
    if (frame instanceof LLMTextFrame) this.#show({ type: "text", delta: frame.text });
    else if (frame instanceof LLMThoughtTextFrame) this.#show({ type: "thought", delta: frame.text });
    else if (frame instanceof FunctionCallResultFrame || frame instanceof FunctionCallCancelFrame) {
      const { functionCall, output } = frame;
      const failed = frame instanceof FunctionCallCancelFrame || frame.failed;
      this.#show({
        type: "tool",
        turn,
        name: functionCall.functionName,
        arguments: functionCall.arguments,
        output,
        failed,
      });
    }
  }
}
