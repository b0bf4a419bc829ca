import { type Clock, defined } from "../async/index.ts";
import { TurnwireError } from "../errors.ts";
import type { LLMTokenUsage } from "../frames/index.ts";
import type { InferenceRecord, InferenceTimes } from "./inference-record.ts";
import type { RetryReason } from "./reasons.ts";

type Phase = Exclude<keyof InferenceTimes, "totalMs">;

/** The facts that a provider reports about the request it sends. */
export type RequestDetails = Pick<
  InferenceRecord,
  | "transport"
  | "mode"
  | "reason"
  | "itemsSent"
  | "itemsTotal"
  | "bytesSent"
  | "bytesFull"
  | "previousResponseId"
  | "lane"
>;

/** How an inference ended. */
export interface InferenceOutcome {
  error?: unknown;
  interrupted: boolean;
  incompleteReason?: string;
  functionCalls: number;
  characters: number;
}

/** Collects the record of a running inference: where its time goes, and the other fields. */
export class InferenceTrace {
  responseId: string | undefined;
  usage: LLMTokenUsage | undefined;
  wastedCharacters = 0;
  /** The model that answers. Until the provider names it, the model that was asked. */
  model: string;
  readonly #number: number;
  readonly #clock: Clock;
  readonly #times: InferenceTimes;
  readonly #retries: RetryReason[] = [];
  #request: RequestDetails | undefined;
  #phase: Phase = "waitingMs";
  #phaseStartMs: number;

  constructor(options: { number: number; model: string; clock: Clock }) {
    this.#number = options.number;
    this.model = options.model;
    this.#clock = options.clock;
    this.#phaseStartMs = options.clock.now();
    this.#times = { waitingMs: 0, connectingMs: 0, firstEventMs: 0, firstTextMs: 0, restMs: 0, totalMs: 0 };
  }

  /** Whether the last request was to continue a response. */
  get continued(): boolean {
    return this.#request?.previousResponseId !== undefined;
  }

  /** Books the time since the last call; what follows is booked under `phase`. */
  enter(phase: Phase): void {
    const now = this.#clock.now();
    this.#times[this.#phase] += now - this.#phaseStartMs;
    this.#phase = phase;
    this.#phaseStartMs = now;
  }

  /** A request is about to be sent. */
  sending(details: RequestDetails): void {
    this.#request = details;
    this.enter("firstEventMs");
  }

  /** An event of the answer has come. */
  received(): void {
    if (this.#phase === "firstEventMs") this.enter("firstTextMs");
  }

  /** The request is going to be made again. */
  retrying(reason: RetryReason): void {
    this.#retries.push(reason);
    this.enter("waitingMs");
  }

  /** The record, now that the inference is over. */
  finish(outcome: InferenceOutcome): InferenceRecord {
    this.enter("restMs");
    const times = { ...this.#times };
    times.totalMs = times.waitingMs + times.connectingMs + times.firstEventMs + times.firstTextMs + times.restMs;
    return defined({
      number: this.#number,
      model: this.model,
      ...(this.#request ?? nothingSent),
      responseId: this.responseId,
      wastedCharacters: this.wastedCharacters,
      interrupted: outcome.interrupted,
      incompleteReason: outcome.incompleteReason,
      retries: this.#retries,
      error: outcome.error === undefined ? undefined : codeOf(outcome.error),
      functionCalls: outcome.functionCalls,
      characters: outcome.characters,
      times,
      usage: this.usage,
    });
  }
}

const nothingSent: RequestDetails = {
  transport: "websocket",
  mode: "full",
  reason: "nothing-sent",
  itemsSent: 0,
  itemsTotal: 0,
  bytesSent: 0,
  bytesFull: 0,
};

function codeOf(error: unknown): string {
  return error instanceof TurnwireError ? error.code : "unexpected";
}
