/** A connection of the server, open or closed, with what was received over it. */
export interface SpeechConnection {
  readonly path: "listen" | "speak";
  /** The number of the accepted connection at its path, from 1. */
  readonly connection: number;
  readonly requestId: string;
  /** Its query parameters. */
  readonly query: Readonly<Record<string, string>>;
  /** By the server's clock, in milliseconds. */
  readonly openedAtMs: number;
  /** The latest 1 000 text messages, the oldest first. They hold the text to be spoken. */
  readonly received: readonly ReceivedMessage[];
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** How much audio was received (`listen`) or sent (`speak`), in milliseconds. */
  readonly audioMs: number;
  /** How it ended; undefined while it is open. */
  readonly closed: { readonly code: number; readonly reason: string; readonly atMs: number } | undefined;
  /** Sends a text or bytes as they are, for messages that the server would not send. */
  send(data: string | Uint8Array): void;
  /** Closes it with a close frame. Default: 1000, no reason. */
  close(code?: number, reason?: string): void;
  /** Ends it without a close frame, after what was sent before. */
  drop(): void;
  /** Neither reads nor sends any more, not even a pong: for `ms`, or without end. */
  freeze(ms?: number): void;
}

export interface ReceivedMessage {
  readonly atMs: number;
  /** As it was received. */
  readonly text: string;
  /** Its `type`; undefined if it has none. */
  readonly type: string | undefined;
}

/** Something that the server did, for a log. It holds no text. */
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
      /** How much of the audio was sent. */
      readonly sentMs: number;
      readonly audioMs: number;
      /** Whether it was cleared, or the connection ended, before all audio was sent. */
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
