/** A connection of the server, open or closed, with what was received over it. */
export interface SpeechConnection {
  readonly path: "listen" | "speak";
  /** Counts the connections at its path that were let in, from 1. */
  readonly connection: number;
  readonly requestId: string;
  /** The parameters it came with. */
  readonly query: Readonly<Record<string, string>>;
  /** By the server's clock, in milliseconds. */
  readonly openedAtMs: number;
  /** The text messages received, the oldest first: the latest 1 000. They hold what is to be spoken. */
  readonly received: readonly ReceivedMessage[];
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** How much audio was received (`listen`) or sent (`speak`), in milliseconds. */
  readonly audioMs: number;
  /** How it ended; undefined: it is open. */
  readonly closed: { readonly code: number; readonly reason: string; readonly atMs: number } | undefined;
  /** Sends a text or bytes as they are: for what the server would not send. */
  send(data: string | Uint8Array): void;
  /** Closes it with a close frame. Default: 1000, no reason. */
  close(code?: number, reason?: string): void;
  /** Ends it without a close frame, behind what was sent before. */
  drop(): void;
  /** Reads and sends nothing any more, no pong either; for so long, or for ever. */
  freeze(ms?: number): void;
}

export interface ReceivedMessage {
  readonly atMs: number;
  /** As it was received. */
  readonly text: string;
  /** Its `type`; undefined: it is no message with one. */
  readonly type: string | undefined;
}

/** What the server does, for a log. Nothing of what is said is in it. */
export type SpeechEvent =
  | { readonly type: "opened"; readonly path: "listen" | "speak"; readonly connection: number; readonly model: string }
  | { readonly type: "refused"; readonly path: string; readonly status: number; readonly code: string }
  /** A final result with words. */
  | {
      readonly type: "heard";
      readonly connection: number;
      readonly words: number;
      readonly startMs: number;
      readonly endMs: number;
      readonly speechFinal: boolean;
      readonly fromFinalize: boolean;
    }
  /** A flushed text has been spoken. */
  | {
      readonly type: "spoken";
      readonly connection: number;
      readonly characters: number;
      /** How much of it was sent, and of how much. */
      readonly sentMs: number;
      readonly audioMs: number;
      /** It was cleared, or the connection ended, before all of it was sent. */
      readonly cutShort: boolean;
    }
  | {
      readonly type: "closed";
      readonly path: "listen" | "speak";
      readonly connection: number;
      readonly code: number;
      readonly reason: string;
      readonly audioMs: number;
      readonly durationMs: number;
    };
