import type { Clock } from "../async/index.ts";
import { TurnwireError } from "../errors.ts";
import { type Frame, LLMTextFrame, type LLMTokenUsage } from "../frames/index.ts";
import type { RequestReason, RetryReason } from "./reasons.ts";

/** Where the time of a turn went, in milliseconds. The parts add up to `totalMs`. */
export interface TurnTimes {
  /** Waiting for an earlier turn of the same service, or for a cancelled response to end. */
  waitingMs: number;
  /** Making a connection. */
  connectingMs: number;
  /** From sending the request to the first event of the answer. */
  firstEventMs: number;
  /** From the first event to the first output. */
  firstTextMs: number;
  /** From the first output to the end. */
  restMs: number;
  totalMs: number;
}

/** What happened in one inference: the source of metrics, tables, traces and tests. */
export interface TurnRecord {
  /** Counts up from 1 within a service. */
  turn: number;
  model: string;
  transport: "websocket" | "http";
  /** What was sent of the conversation: only what is new, or all of it. */
  mode: "incremental" | "full";
  /** Why. */
  reason: RequestReason;
  /** Items sent, and items the whole conversation has. */
  itemsSent: number;
  itemsTotal: number;
  /** Size of the request, and what it would have been with the whole conversation. */
  bytesSent: number;
  bytesFull: number;
  /** The response the request continues. */
  previousResponseId?: string;
  /** The lane the request went over; absent for the default one. */
  lane?: string;
  /** Characters of abandoned replies that the server still sent since the turn before: paid for, heard by nobody. */
  wastedCharacters: number;
  responseId?: string;
  /** Whether an interruption cut the answer short. */
  interrupted: boolean;
  /** Why the model stopped before it was done. */
  incompleteReason?: string;
  /** Why the request was made again, once per time. */
  retries: readonly RetryReason[];
  /** The code of the error the turn ended with. */
  error?: string;
  functionCalls: number;
  /** Characters of text delivered. */
  characters: number;
  times: TurnTimes;
  usage?: LLMTokenUsage;
}

type Phase = Exclude<keyof TurnTimes, "totalMs">;

/** What a provider reports about the request it sends. */
export type RequestDetails = Pick<
  TurnRecord,
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

/** Takes a frame of the answer; the promise, if any, resolves when there is room for the next, and never rejects. */
export type FrameSink = (frame: Frame) => void | Promise<void>;

/** One inference under way: where its frames go, what ends it, and the making of its record. */
export class Turn {
  /** Fires when the turn is interrupted. */
  readonly signal: AbortSignal;
  responseId: string | undefined;
  usage: LLMTokenUsage | undefined;
  wastedCharacters = 0;
  model: string;
  readonly #number: number;
  readonly #sink: FrameSink;
  readonly #clock: Clock;
  readonly #times: TurnTimes;
  readonly #retries: RetryReason[] = [];
  #request: RequestDetails | undefined;
  #phase: Phase = "waitingMs";
  #phaseStartMs: number;
  /** Of the text. */
  readonly #pieces: string[] = [];
  #characters = 0;
  #hasOutput = false;

  constructor(options: { number: number; model: string; sink: FrameSink; signal: AbortSignal; clock: Clock }) {
    this.#number = options.number;
    this.model = options.model;
    this.#sink = options.sink;
    this.signal = options.signal;
    this.#clock = options.clock;
    this.#phaseStartMs = options.clock.now();
    this.#times = { waitingMs: 0, connectingMs: 0, firstEventMs: 0, firstTextMs: 0, restMs: 0, totalMs: 0 };
  }

  /** Whether a part of the answer has been delivered. */
  get hasOutput(): boolean {
    return this.#hasOutput;
  }

  /** Whether the last request was to continue a response. */
  get continued(): boolean {
    return this.#request?.previousResponseId !== undefined;
  }

  /** The text delivered. */
  get text(): string {
    return this.#pieces.join("");
  }

  /** Characters of text delivered. */
  get characters(): number {
    return this.#characters;
  }

  /** Books the time since the last call, and what follows under another heading. */
  enter(phase: Phase): void {
    const now = this.#clock.now();
    this.#times[this.#phase] += now - this.#phaseStartMs;
    this.#phase = phase;
    this.#phaseStartMs = now;
  }

  /** Delivers a frame of the answer. After an interruption nothing is delivered any more. */
  emit(frame: Frame): void | Promise<void> {
    if (this.signal.aborted) return;
    if (!this.#hasOutput) {
      this.#hasOutput = true;
      this.enter("restMs");
    }
    if (frame instanceof LLMTextFrame) {
      this.#pieces.push(frame.text);
      this.#characters += frame.text.length;
    }
    return this.#sink(frame);
  }

  /** A request is about to be sent. */
  sending(details: RequestDetails): void {
    this.#request = details;
    this.enter("firstEventMs");
  }

  /** The first event of an answer has come. */
  sawFirstEvent(): void {
    if (this.#phase === "firstEventMs") this.enter("firstTextMs");
  }

  /** The request is going to be made again. */
  retrying(reason: RetryReason): void {
    this.#retries.push(reason);
    this.enter("waitingMs");
  }

  /** The turn's record, now that it is over. */
  finish(outcome: {
    error?: unknown;
    interrupted: boolean;
    incompleteReason?: string;
    functionCalls: number;
  }): TurnRecord {
    this.enter("restMs");
    const times = { ...this.#times };
    times.totalMs = times.waitingMs + times.connectingMs + times.firstEventMs + times.firstTextMs + times.restMs;
    return {
      turn: this.#number,
      model: this.model,
      ...(this.#request ?? nothingSent),
      ...(this.responseId === undefined ? {} : { responseId: this.responseId }),
      wastedCharacters: this.wastedCharacters,
      interrupted: outcome.interrupted,
      ...(outcome.incompleteReason === undefined ? {} : { incompleteReason: outcome.incompleteReason }),
      retries: this.#retries,
      ...(outcome.error === undefined ? {} : { error: codeOf(outcome.error) }),
      functionCalls: outcome.functionCalls,
      characters: this.#characters,
      times,
      ...(this.usage === undefined ? {} : { usage: this.usage }),
    };
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

/** Milliseconds from the turn's beginning to its first output; undefined when there was none. */
export function timeToFirstOutput(record: TurnRecord): number | undefined {
  const { waitingMs, connectingMs, firstEventMs, firstTextMs } = record.times;
  return record.characters > 0 || record.functionCalls > 0
    ? waitingMs + connectingMs + firstEventMs + firstTextMs
    : undefined;
}
