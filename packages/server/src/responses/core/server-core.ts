import type { Clock, Random } from "turnwire/internal";
import type { FaultList } from "../../kit/index.ts";
import type { Brain } from "../brain.ts";
import type { Dialect } from "../dialects/index.ts";
import type { Fault } from "../faults/index.ts";
import type { IdSource } from "./ids.ts";
import type { PromptCache } from "./prompt-cache.ts";
import type { RequestLog } from "./request-log.ts";
import type { ResponseStore, StoredResponse } from "./response-store.ts";
import type { Pace } from "./timing.ts";
import type { TokenCounter } from "./tokens.ts";

/** What all connections of a server share. */
export interface ServerCore {
  readonly brain: Brain;
  /** Called with an error of a brain that is not a `ResponsesApiError`; the client gets a general one. */
  readonly onBrainError: (error: unknown) => void;
  readonly dialect: Dialect;
  /** The models served; undefined: any name. */
  readonly models: readonly string[] | undefined;
  readonly newId: IdSource;
  readonly random: Random;
  readonly clock: Clock;
  readonly tokens: TokenCounter;
  readonly promptCache: PromptCache;
  /** How long a model takes. Undefined: as long as its brain. */
  readonly pace: Pace | undefined;
  readonly log: RequestLog;
  readonly store: ResponseStore;
  readonly faults: FaultList<Fault>;
  /** How many requests of one connection may wait for their turn. */
  readonly maxQueuedRequests: number;
}

/** A stored response, for its owner only. */
export function findStored({ store }: ServerCore, id: string, owner: string): StoredResponse | undefined {
  const stored = store.get(id);
  return stored?.owner === owner ? stored : undefined;
}
