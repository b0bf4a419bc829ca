import { type Checks, is } from "../../checks/index.ts";
import { LLMContext } from "../../context/index.ts";
import type { WebsocketLLMServiceOptions, WebsocketLLMTimeouts } from "../../llm/index.ts";
import { connectionChecks, connectionTimeoutChecks } from "../../websocket/index.ts";
import { ResponsesConnectionPool } from "../connection/index.ts";
import {
  type OpenAIResponsesOptions,
  type OpenAIResponsesTimeouts,
  sharedChecks,
  timeoutChecks,
  timeoutHints,
} from "../settings.ts";

/** Time limits of the WebSocket service, in milliseconds. */
export interface OpenAIResponsesLLMTimeouts extends OpenAIResponsesTimeouts, WebsocketLLMTimeouts {
  /**
   * How long the rest of an interrupted response may hold up a connection to a server without lanes before the connection
   * is replaced; default 1000. No turn waits for it: a second connection is made meanwhile.
   */
  drainMs?: number;
}

export interface OpenAIResponsesLLMServiceOptions
  extends Omit<WebsocketLLMServiceOptions, "timeouts">, OpenAIResponsesOptions {
  /** Time limits, in milliseconds. */
  timeouts?: OpenAIResponsesLLMTimeouts;
  /** Whether a second connection is kept open for when the first is lost or held up; default false. Not with a pool. */
  standby?: boolean;
  /**
   * How an interrupted reply ends at a server that does not cancel: with `drain`, the default, the server generates it to
   * its end; with `disconnect` the service moves to another connection in the background and closes that of the reply.
   */
  onInterrupt?: "drain" | "disconnect";
  /**
   * Whether the server gets the conversation so far at the start and after every reconnect, before the next turn, which is
   * then incremental; or the context that it gets at the start. Default false.
   */
  warmUp?: boolean | LLMContext;
  /** At what age a connection is replaced, while no turn runs, in milliseconds; default 55 minutes. Not with a pool. */
  maxConnectionAgeMs?: number;
  /** Whether a turn goes over HTTP when no WebSocket can be had; default true. */
  httpFallback?: boolean;
  /** Connections shared with other services. */
  pool?: ResponsesConnectionPool;
}

export const websocketServiceChecks: Checks<OpenAIResponsesLLMServiceOptions> = {
  ...sharedChecks,
  timeouts: is.group<OpenAIResponsesLLMTimeouts>(
    { ...timeoutChecks, ...connectionTimeoutChecks, drainMs: is.duration },
    timeoutHints,
  ),
  ...connectionChecks,
  reconnectOnError: is.flag,
  standby: is.flag,
  onInterrupt: is.oneOf(["drain", "disconnect"]),
  warmUp: is.anyOf(is.flag, is.instanceOf(LLMContext)),
  maxConnectionAgeMs: is.timeLimit,
  httpFallback: is.flag,
  pool: is.instanceOf(ResponsesConnectionPool),
};
