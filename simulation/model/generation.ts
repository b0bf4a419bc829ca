import type { ModelResponse, Request } from "../laws/ledger.ts";
import type { Entry } from "../world/timeline.ts";
import type { ScriptLine } from "./script.ts";

/** The requests that the server answers one after the other. */
export interface Lane {
  readonly name: string | undefined;
  readonly queue: Request[];
  active: Generation | undefined;
  latest: ModelResponse | undefined;
}

/** A response that the server is sending. */
export interface Generation {
  readonly lane: Lane;
  readonly response: ModelResponse;
  lines: ScriptLine[];
  next: number;
  entry: Entry | undefined;
  /** How many cancels the server refuses after the response. */
  refusals: number;
  /** Steering input that the server has accepted and not applied yet. */
  steers: unknown[];
}
