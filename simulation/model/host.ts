import type { Fields, ModelResponse, Request } from "../laws/ledger.ts";
import type { Scenario } from "../scenario.ts";
import type { Timeline } from "../world/timeline.ts";
import type { Trace } from "../world/trace.ts";
import type { ErrorShape, ServerError } from "./errors.ts";

/** The side of the run that the server model reads from and reports to. */
export interface ServerHost {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly trace: Trace | undefined;
  readonly responses: ReadonlyMap<string, ModelResponse>;
  newResponse(request: Request): ModelResponse;
  /** Creates the response that takes over from a steered one. */
  newSuccessor(before: ModelResponse, steers: readonly unknown[]): ModelResponse;
  /** The server refuses a request. `again`: it has refused the same parent with the same error before. */
  refused(request: Request, error: ServerError, shape: ErrorShape, again: boolean): void;
  /** The client sends a request over HTTP. */
  requested(fields: Fields): Request;
  /** The server does not answer a request over HTTP to its end. */
  httpFailed(request: Request): void;
}
