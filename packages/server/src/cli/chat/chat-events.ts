import type { InferenceRecord, LLMMessage } from "turnwire";
import type { Backend } from "./backend.ts";

/** A turn: one message of the user, and the inferences until the model has no more calls. */
export interface TurnSummary {
  interrupted: boolean;
  failed: boolean;
  records: readonly InferenceRecord[];
  /** The tools that were run, in order. */
  tools: ReadonlyArray<{ name: string; failed: boolean }>;
  /** From the user's line to the first text; undefined if there was none. */
  firstTextMs: number | undefined;
}

/** What only text shows: the reply piece by piece, the user's commands, and how a turn went. */
type TextEvent =
  | { type: "text" | "thought"; delta: string }
  | { type: "command"; line: string }
  | ({ type: "summary" } & TurnSummary);

/** What a conversation shows. With `--json` all but a `TextEvent` is printed as it is; `chatHelp` documents it. */
export type ChatEvent =
  | TextEvent
  /** `server` is a base URL, or `embedded`, or `openai`. */
  | { type: "session"; version: string; server: string; model: string; transport: Backend["transport"] }
  | { type: "user"; turn: number; text: string }
  | { type: "tool"; turn: number; name: string; arguments: unknown; output: string; failed: boolean }
  | { type: "record"; turn: number; record: InferenceRecord }
  /** The whole reply. */
  | { type: "assistant"; turn: number; text: string; interrupted: boolean; firstTextMs: number | null }
  | { type: "error"; turn: number; code: string; message: string }
  /** A lost connection was replaced. `reason` is why it was lost, or empty. */
  | { type: "reconnected"; reason: string }
  | { type: "notice"; message: string }
  | { type: "stats"; records: readonly InferenceRecord[] }
  | { type: "context"; messages: readonly LLMMessage[] }
  | { type: "dropped"; connections: number }
  | { type: "help"; commands: Readonly<Record<string, string>> };

const textEvents: ReadonlySet<ChatEvent["type"]> = new Set(["text", "thought", "command", "summary"]);

/** Returns what prints events as JSON lines, and the messages of errors. */
export function jsonShow(write: (text: string) => void, writeError: (text: string) => void) {
  return (event: ChatEvent): void => {
    if (!textEvents.has(event.type)) write(`${JSON.stringify(event)}\n`);
    if (event.type === "error") writeError(event.message);
  };
}
