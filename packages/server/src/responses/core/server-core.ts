import type { Dialect } from "../dialects/index.ts";
import type { FaultList } from "../../kit/index.ts";
import type { Fault } from "../faults/index.ts";
import type { GenerationContext } from "./generation.ts";
import type { RequestLog } from "./request-log.ts";
import type { ResponseStore } from "./response-store.ts";

/** What all connections of a server share. */
export interface ServerCore extends GenerationContext {
  readonly dialect: Dialect;
  readonly models?: readonly string[];
  readonly log: RequestLog;
  readonly store: ResponseStore;
  readonly faults: FaultList<Fault>;
  /** How many requests of one connection may wait for their turn. */
  readonly maxQueuedRequests: number;
}
