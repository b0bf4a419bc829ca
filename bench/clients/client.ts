/** A function that the model may call. */
export interface ClientTool {
  readonly name: string;
  readonly description: string;
  readonly parameter: string;
  readonly execute: (argument: string) => string;
}

export interface ConversationOptions {
  /** The base URL of the HTTP API. The WebSocket URL is derived from it. */
  readonly baseURL: string;
  readonly tool?: ClientTool;
}

export interface Conversation {
  /**
   * Sends what the user says, runs the functions that the model calls, and resolves after the whole answer. When the signal
   * fires, it stops listening and resolves; the conversation then holds only what was heard until that moment.
   */
  say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void>;
  /** Tells the client that the user heard only this part of the last reply, which was complete. */
  heard(text: string): void;
  /** Prepares the first turn as far as the client can. */
  readonly warmUp?: () => Promise<void>;
  close(): Promise<void>;
}

/** A client under measurement, reduced to what every client can do. */
export interface Client {
  readonly open: (options: ConversationOptions) => Conversation;
}

/** The model that every client requests. */
export const model = "gpt-4.1";
export const instructions = "Be brief.";
export const apiKey = "none";
/** More steps than any tool loop of the benchmark needs. */
export const mostSteps = 100;
