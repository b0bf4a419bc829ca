import {
  LLMContext,
  LLMTextFrame,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  type InferenceRecord,
} from "turnwire";
import { heldBy } from "@turnwire/test-kit";
import type { FarEnd } from "./far-end.ts";
import { newQuestion, type Question } from "./model.ts";
import { monotonicMs } from "./time.ts";

export interface Heard {
  startedAt: number;
  firstTextAt: number;
  cutAt: number;
  record: InferenceRecord;
}

/** An application with one conversation. It records what the conversation was at each request, and checks the answers. */
export class Caller implements AsyncDisposable {
  readonly llm: OpenAIResponsesLLMService;
  context = new LLMContext();
  /** The conversation at each turn, by the text of the turn's question. */
  readonly held = new Map<string, string>();
  turns = 0;
  /** How many pieces of text belonged to another turn. */
  stale = 0;
  /** How many turns had an incomplete answer. */
  wrong = 0;
  #record: InferenceRecord | undefined;

  constructor(options: OpenAIResponsesLLMServiceOptions) {
    this.llm = new OpenAIResponsesLLMService({ apiKey: "none", logger: silent, ...options });
    this.llm.on("inference", (record) => void (this.#record = record));
  }

  /** Runs one turn. With `cutAfter` it interrupts the turn after this many pieces of text. */
  async ask(question: Question, cutAfter = Infinity): Promise<Heard> {
    this.context.addMessage({ role: "user", content: question.text });
    return this.answer(question, cutAfter);
  }

  /** Lets the model answer the question that the context ends with. */
  async answer({ text, word, words }: Question, cutAfter = Infinity): Promise<Heard> {
    this.held.set(text, heldBy(this.context).join("\n"));
    this.turns += 1;
    const controller = new AbortController();
    const startedAt = monotonicMs();
    let firstTextAt = NaN;
    let cutAt = NaN;
    let pieces = 0;
    for await (const frame of this.llm.respond(this.context, { signal: controller.signal })) {
      if (!(frame instanceof LLMTextFrame)) continue;
      if (pieces === 0) firstTextAt = monotonicMs();
      pieces += 1;
      if (frame.text !== word) this.stale += 1;
      if (pieces === cutAfter) {
        cutAt = monotonicMs();
        controller.abort();
      }
    }
    if (pieces !== Math.min(words, cutAfter)) this.wrong += 1;
    return { startedAt, firstTextAt, cutAt, record: this.#record! };
  }

  /** Returns the milliseconds to the first text of an ordinary turn. */
  async ordinary(): Promise<number> {
    const { startedAt, firstTextAt } = await this.ask(newQuestion("short"));
    return firstTextAt - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.llm.stop();
  }
}

const silent = { debug: () => undefined, warn: () => undefined };

export interface Verdict {
  turns: number;
  stale: number;
  wrong: number;
  /** How many requests reached the model; `different`: how many of them carried another conversation than the application's. */
  requests: number;
  different: number;
}

/** Compares what the callers heard and what the model saw with what is right. */
export async function verdictOn(callers: readonly Caller[], farEnd: FarEnd): Promise<Verdict> {
  const held = new Map(callers.flatMap((caller) => [...caller.held]));
  const shown = await farEnd.ask("shown");
  const sum = (of: (caller: Caller) => number): number => callers.reduce((total, caller) => total + of(caller), 0);
  return {
    turns: sum(({ turns }) => turns),
    stale: sum(({ stale }) => stale),
    wrong: sum(({ wrong }) => wrong),
    requests: shown.length,
    different: shown.filter(({ question, conversation }) => held.get(question) !== conversation).length,
  };
}
