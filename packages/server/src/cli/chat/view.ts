import type { FunctionCall, LLMContext, InferenceRecord } from "turnwire";
import type { Backend } from "./backend.ts";

/** A turn: one message of the user, and the inferences until the model has no more calls. */
export interface TurnSummary {
  /** The number of the turn, from 1. */
  turn: number;
  /** The whole reply. */
  text: string;
  interrupted: boolean;
  failed: boolean;
  records: readonly InferenceRecord[];
  /** The tools that were run, in order. */
  tools: ReadonlyArray<{ name: string; failed: boolean }>;
  /** From the user's line to the first text; undefined if there was none. */
  firstTextMs: number | undefined;
}

export interface SessionInfo extends Pick<Backend, "transport" | "model" | "baseURL" | "embedded"> {
  version: string;
}

/** Shows a conversation. */
export interface ChatView {
  opened(session: SessionInfo): void;
  said(turn: number, text: string): void;
  commanded(line: string): void;
  text(delta: string): void;
  thought(delta: string): void;
  toolRan(turn: number, call: FunctionCall, output: string, failed: boolean): void;
  record(turn: number, record: InferenceRecord): void;
  turnEnded(summary: TurnSummary): void;
  /** Shows why a turn failed, or without a turn something else. */
  failed(turn: number | undefined, error: unknown): void;
  /** Shows that a lost connection was replaced. `reason` is why it was lost, or empty. */
  reconnected(reason: string): void;
  notice(message: string): void;
  stats(records: readonly InferenceRecord[]): void;
  context(context: LLMContext): void;
  dropped(connections: number, transport: Backend["transport"]): void;
  help(): void;
}
