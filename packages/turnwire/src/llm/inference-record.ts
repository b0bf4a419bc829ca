import type { LLMTokenUsage } from "../frames/index.ts";
import type { RequestReason, RetryReason } from "./reasons.ts";

/** The time that each part of an inference took, in milliseconds. The parts add up to `totalMs`. */
export interface InferenceTimes {
  /** Waiting for an earlier turn of the same service, for a cancelled response to end, or for a back-off. */
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

/** The record of one inference: the source of metrics, tables, traces and tests. */
export interface InferenceRecord {
  /** Counts the service's inferences from 1. */
  number: number;
  model: string;
  transport: "websocket" | "http";
  /** The part of the conversation that was sent: `incremental`, only the new items; `full`, all items. */
  mode: "incremental" | "full";
  /** The reason for the mode. */
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
  /** Characters of abandoned replies that the server sent since the previous inference. They are paid for, and dropped. */
  wastedCharacters: number;
  responseId?: string;
  /** Whether an interruption cut the answer short. */
  interrupted: boolean;
  /** Why the model stopped before it was done. */
  incompleteReason?: string;
  /** Why the request was made again, once per time. */
  retries: readonly RetryReason[];
  /** The code of the error the inference ended with. */
  error?: string;
  functionCalls: number;
  /** Characters of text delivered. */
  characters: number;
  times: InferenceTimes;
  usage?: LLMTokenUsage;
}

/** Milliseconds from the inference's beginning to its first output; undefined when there was none. */
export function timeToFirstOutput(record: InferenceRecord): number | undefined {
  const { waitingMs, connectingMs, firstEventMs, firstTextMs } = record.times;
  return record.characters > 0 || record.functionCalls > 0
    ? waitingMs + connectingMs + firstEventMs + firstTextMs
    : undefined;
}
