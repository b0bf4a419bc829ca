import type { RequestEntry } from "./request-entry.ts";

export interface ServerInfo {
  readonly version: string;
  readonly url: string;
  readonly wsURL: string;
  /** Where faults are added; undefined if the server takes none. */
  readonly faultsURL: string | undefined;
  /** The brain, in a few words. */
  readonly brain: string;
  readonly dialect: string;
  /** How many API keys are accepted; 0 if none is needed. */
  readonly keys: number;
}

/** Shows what a server does. */
export interface ServerView {
  listening(info: ServerInfo): void;
  /** Shows a request that has ended. */
  request(entry: RequestEntry): void;
  notice(message: string): void;
  stopping(signal: string): void;
  closed(requests: number): void;
}
