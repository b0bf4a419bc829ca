import type { ModelResponse, Request } from "../ledger.ts";
import type { Entry } from "../timeline.ts";
import type { ScriptLine } from "./script.ts";

/** Requests that are answered one after the other. */
export interface Lane {
  readonly name: string | undefined;
  readonly queue: Request[];
  active: Generation | undefined;
  latest: ModelResponse | undefined;
}

/** A response that is being told. */
export interface Generation {
  readonly lane: Lane;
  readonly response: ModelResponse;
  lines: ScriptLine[];
  next: number;
  entry: Entry | undefined;
  /** Refusals of cancels that are sent when it is over. */
  refusals: number;
  /** Steering input that has been accepted and not been applied. */
  steers: unknown[];
}
