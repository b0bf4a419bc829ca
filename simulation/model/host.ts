import type { Fields, ModelResponse, Request } from "../ledger.ts";
import type { Scenario } from "../scenario.ts";
import type { Timeline } from "../timeline.ts";
import type { Trace } from "../trace.ts";
import type { ErrorShape, ServerError } from "./errors.ts";

/** What the server model needs of the run, and tells it. */
export interface ServerHost {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly trace: Trace | undefined;
  readonly responses: ReadonlyMap<string, ModelResponse>;
  newResponse(request: Request): ModelResponse;
  /** The response that goes on after a steered one. */
  newSuccessor(before: ModelResponse, steers: readonly unknown[]): ModelResponse;
  /** A request is refused. `again`: the same was said of the same parent before. */
  refused(request: Request, error: ServerError, shape: ErrorShape, again: boolean): void;
  /** A request over HTTP. */
  requested(fields: Fields): Request;
  /** What was asked over HTTP is not answered to its end. */
  httpFailed(request: Request): void;
}
