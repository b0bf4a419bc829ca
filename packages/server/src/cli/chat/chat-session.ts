import {
  type Frame,
  FunctionCallCancelFrame,
  FunctionCallResultFrame,
  LLMContext,
  LLMTextFrame,
  LLMThoughtTextFrame,
  type InferenceRecord,
} from "turnwire";
import type { Backend } from "./backend.ts";
import { calculate, currentTime } from "./tools/index.ts";
import type { ChatView, TurnSummary } from "./view.ts";

/** A conversation with a backend, which a view shows. */
export class ChatSession {
  readonly context = new LLMContext({ tools: [calculate, currentTime()] });
  readonly #backend: Backend;
  readonly #view: ChatView;
  readonly #records: InferenceRecord[] = [];
  #turns = 0;

  constructor(backend: Backend, view: ChatView) {
    this.#backend = backend;
    this.#view = view;
    const { llm } = backend;
    llm.on("inference", (record) => {
      this.#records.push(record);
      view.record(this.#turns, record);
    });
    let whyLost = "";
    llm.on("disconnected", ({ reason }) => {
      whyLost = reason;
    });
    llm.on("reconnected", () => view.reconnected(whyLost));
  }

  /** Sends a message and shows the answer, until the signal fires. Returns whether the turn succeeded. */
  async say(said: string, signal: AbortSignal): Promise<boolean> {
    const turn = ++this.#turns;
    const startMs = performance.now();
    const firstRecord = this.#records.length;
    const tools: Array<TurnSummary["tools"][number]> = [];
    let text = "";
    let firstTextMs: number | undefined;
    let failure: { error: unknown } | undefined;
    this.#view.said(turn, said);
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
        this.#show(turn, frame);
      }
    } catch (error) {
      failure = { error };
    }
    const records = this.#records.slice(firstRecord);
    const failed = failure !== undefined;
    this.#view.turnEnded({ turn, text, interrupted: signal.aborted, failed, records, tools, firstTextMs });
    if (failure !== undefined) this.#view.failed(turn, failure.error);
    return !failed;
  }

  /** Runs a command. Returns whether the conversation goes on. */
  command(line: string): boolean {
    const view = this.#view;
    view.commanded(line);
    switch (line) {
      case "/stats":
        view.stats(this.#records);
        break;
      case "/context":
        view.context(this.context);
        break;
      case "/drop":
        view.dropped(this.#backend.drop(), this.#backend.transport);
        break;
      case "/help":
        view.help();
        break;
      case "/quit":
        return false;
      default:
        view.notice(`There is no command ${line.split(/\s/)[0]}; /help says which there are.`);
    }
    return true;
  }

  #show(turn: number, frame: Frame): void {
    const view = this.#view;
    if (frame instanceof LLMTextFrame) view.text(frame.text);
    else if (frame instanceof LLMThoughtTextFrame) view.thought(frame.text);
    else if (frame instanceof FunctionCallResultFrame) {
      view.toolRan(turn, frame.functionCall, frame.output, frame.failed);
    } else if (frame instanceof FunctionCallCancelFrame) view.toolRan(turn, frame.functionCall, frame.output, true);
  }
}
