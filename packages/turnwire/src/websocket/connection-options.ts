import type { Logger } from "../async/index.ts";
import { checkFields, type Checks, is } from "../checks/index.ts";
import { backoffChecks, type BackoffOptions } from "./backoff.ts";
import { type Environment, environmentCheck } from "./environment.ts";
import { giveUpAfterChecks, type GiveUpAfterOptions } from "./failure-streak.ts";
import { heartbeatChecks, type HeartbeatOptions } from "./heartbeat.ts";

/** Time limits of a connection, in milliseconds. */
export interface ConnectionTimeouts {
  /** Until the connection is open; default 10 000. */
  connectMs?: number;
  /** How long the other end has to answer a close; default 2000. */
  closeMs?: number;
}

/** How a connection is opened and kept alive. */
export interface ReconnectingWebsocketOptions {
  timeouts?: ConnectionTimeouts;
  /** Pings on a silent connection; default after 20 000 ms, to be answered within 10 000. `false` for none. */
  heartbeat?: HeartbeatOptions | false;
  /** How many attempts to connect there are, and the delays between them. */
  backoff?: BackoffOptions;
  /** After how many connections in a row that end at once connecting is given up. */
  giveUpAfter?: GiveUpAfterOptions;
  /** With how many received messages the socket is paused; default 1024. */
  queueCapacity?: number;
  logger?: Logger;
  environment?: Environment;
}

export const connectionTimeoutChecks: Checks<ConnectionTimeouts> = { connectMs: is.timeLimit, closeMs: is.timeLimit };

/** The checks of the options that services take as their own. */
export const connectionChecks: Checks<
  Pick<ReconnectingWebsocketOptions, "heartbeat" | "backoff" | "giveUpAfter" | "queueCapacity">
> = {
  heartbeat: is.anyOf(
    is.custom("false", (value) => value === false),
    is.group<HeartbeatOptions>(heartbeatChecks),
  ),
  backoff: is.group<BackoffOptions>(backoffChecks),
  giveUpAfter: is.group<GiveUpAfterOptions>(giveUpAfterChecks),
  queueCapacity: is.number({ min: 1, integer: true }),
};

/**
 * Checks the options of a connection, and lets others pass: a service gives all of its own.
 * @throws InvalidArgumentError
 */
export function checkConnectionOptions(options: ReconnectingWebsocketOptions): void {
  checkFields(options, { ...connectionChecks, timeouts: is.object, logger: is.logger, environment: environmentCheck });
  checkFields(options.timeouts ?? {}, connectionTimeoutChecks, "timeouts.");
}
