import { type Checks, is } from "../checks/index.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { GiveUpAfterOptions } from "./failure-streak.ts";
import type { HeartbeatOptions } from "./heartbeat.ts";
import type { ConnectionTimeouts, ReconnectingWebsocketOptions } from "./reconnecting-websocket.ts";

export const connectionTimeoutChecks: Checks<ConnectionTimeouts> = { connectMs: is.timeLimit, closeMs: is.timeLimit };

/** Of the options of a connection that services take as their own. */
export const connectionChecks: Checks<
  Pick<ReconnectingWebsocketOptions, "heartbeat" | "backoff" | "giveUpAfter" | "queueCapacity">
> = {
  heartbeat: is.anyOf(
    is.custom("false", (value) => value === false),
    is.group<HeartbeatOptions>({ intervalMs: is.required(is.timeLimit), timeoutMs: is.required(is.timeLimit) }),
  ),
  backoff: is.group<BackoffOptions>({
    maxAttempts: is.number({ min: 1, integer: true }),
    initialDelayMs: is.duration,
    maxDelayMs: is.duration,
  }),
  giveUpAfter: is.group<GiveUpAfterOptions>({ failures: is.number({ min: 1, integer: true }), withinMs: is.duration }),
  queueCapacity: is.number({ min: 1, integer: true }),
};
