import type { FunctionCall, LLMContext, InferenceRecord } from "turnwire";
import { errorCode, errorLine } from "../shared/error-line.ts";
import { commands } from "./help.ts";
import type { ChatView, SessionInfo, TurnSummary } from "./view.ts";

/** Shows a conversation as one JSON object per line. `chatHelp` documents them. */
export class JsonView implements ChatView {
  readonly #write: (text: string) => void;
  readonly #writeError: (text: string) => void;

  constructor(write: (text: string) => void, writeError: (text: string) => void) {
    this.#write = write;
    this.#writeError = writeError;
  }

  opened({ version, embedded, baseURL, model, transport }: SessionInfo): void {
    this.#print("session", { version, server: embedded ? "embedded" : (baseURL ?? "openai"), model, transport });
  }

  said(turn: number, text: string): void {
    this.#print("user", { turn, text });
  }

  commanded(_line: string): void {
    // Its answer shows it.
  }

  text(_delta: string): void {
    // The whole text comes at the end.
  }

  thought(_delta: string): void {
    // Not part of the reply.
  }

  toolRan(turn: number, call: FunctionCall, output: string, failed: boolean): void {
    this.#print("tool", { turn, name: call.functionName, arguments: call.arguments, output, failed });
  }

  record(turn: number, record: InferenceRecord): void {
    this.#print("record", { turn, record });
  }

  turnEnded({ turn, text, interrupted, firstTextMs }: TurnSummary): void {
    this.#print("assistant", { turn, text, interrupted, firstTextMs: firstTextMs ?? null });
  }

  failed(turn: number | undefined, error: unknown): void {
    const message = errorLine(error);
    this.#print("error", { turn, code: errorCode(error), message });
    this.#writeError(message);
  }

  reconnected(reason: string): void {
    this.#print("reconnected", { reason });
  }

  notice(message: string): void {
    this.#print("notice", { message });
  }

  stats(records: readonly InferenceRecord[]): void {
    this.#print("stats", { records });
  }

  context(context: LLMContext): void {
    this.#print("context", { messages: context.messages });
  }

  dropped(connections: number): void {
    this.#print("dropped", { connections });
  }

  help(): void {
    this.#print("help", { commands });
  }

  #print(type: string, fields: Record<string, unknown>): void {
    this.#write(`${JSON.stringify({ type, ...fields })}\n`);
  }
}
