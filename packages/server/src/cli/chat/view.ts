import type { FunctionCall, LLMContext, InferenceRecord } from "turnwire";
import type { Backend } from "./backend.ts";

/** What became of one thing the user said: one inference, or with tools several. */
export interface TurnSummary {
  /** Counts up from 1 in a conversation. */
  turn: number;
  /** The whole reply. */
  text: string;
  interrupted: boolean;
  failed: boolean;
  records: readonly InferenceRecord[];
  /** The tools that were run, in order. */
  tools: ReadonlyArray<{ name: string; failed: boolean }>;
  /** From the user's line to the first text; absent when there was none. */
  firstTextMs: number | undefined;
}

export interface SessionInfo extends Pick<Backend, "transport" | "model" | "baseURL" | "embedded"> {
  version: string;
}

/** Where a conversation is shown. */
export interface ChatView {
  opened(session: SessionInfo): void;
  said(turn: number, text: string): void;
  commanded(line: string): void;
  text(delta: string): void;
  thought(delta: string): void;
  toolRan(turn: number, call: FunctionCall, output: string, failed: boolean): void;
  record(turn: number, record: InferenceRecord): void;
  turnEnded(summary: TurnSummary): void;
  /** A turn failed; without a turn, something else did. */
  failed(turn: number | undefined, error: unknown): void;
  /** A lost connection has been replaced; why it was lost, where somebody said so. */
  reconnected(reason: string): void;
  notice(message: string): void;
  stats(records: readonly InferenceRecord[]): void;
  context(context: LLMContext): void;
  dropped(connections: number, transport: Backend["transport"]): void;
  help(): void;
}
