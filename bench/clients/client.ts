/** A function that the model may call. */
export interface ClientTool {
  readonly name: string;
  readonly description: string;
  readonly parameter: string;
  readonly execute: (argument: string) => string;
}

export interface ConversationOptions {
  /** The API's base URL; that of the WebSocket follows from it. */
  readonly baseURL: string;
  readonly tool?: ClientTool;
}

/** One conversation of one user. */
export interface Conversation {
  /**
   * Says something and takes in the answer to its end, running the function the model calls. When the signal fires it stops
   * listening and resolves; what was heard until then is in the conversation, the rest is not.
   */
  say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void>;
  /** Of the last reply, which was complete, only so much was heard. */
  heard(text: string): void;
  /** Gets ready for the first turn as far as the client can. */
  readonly warmUp?: () => Promise<void>;
  close(): Promise<void>;
}

/** A client under measurement, behind the least that each of them can do. */
export interface Client {
  readonly open: (options: ConversationOptions) => Conversation;
}

/** What every client asks for. */
export const model = "gpt-4.1";
export const instructions = "Be brief.";
export const apiKey = "none";
/** More than any tool loop of the benchmark needs. */
export const mostSteps = 100;
