import type { RequestEntry } from "./request-entry.ts";

export interface ServerInfo {
  readonly version: string;
  readonly url: string;
  readonly wsURL: string;
  /** Where faults are asked for; undefined: nowhere. */
  readonly faultsURL: string | undefined;
  /** Who answers, in a few words. */
  readonly brain: string;
  readonly dialect: string;
  /** How many API keys are accepted; 0: none is asked for. */
  readonly keys: number;
}

/** Where a server's doings are shown. */
export interface ServerView {
  listening(info: ServerInfo): void;
  /** A request has come to its end. */
  request(entry: RequestEntry): void;
  notice(message: string): void;
  stopping(signal: string): void;
  closed(requests: number): void;
}
