import { type Checks, is } from "../../checks/index.ts";
import { LLMContext } from "../../context/index.ts";
import type { WebsocketLLMServiceOptions, WebsocketLLMTimeouts } from "../../llm/index.ts";
import { connectionChecks, connectionTimeoutChecks } from "../../websocket/index.ts";
import { ResponsesConnectionPool } from "../connection/index.ts";
import { type OpenAIResponsesOptions, type OpenAIResponsesTimeouts, sharedChecks, timeoutChecks } from "../settings.ts";

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
   * What happens to an interrupted reply at a server that does not cancel: `drain`, the default, lets it be generated to
   * its end; `disconnect` goes over to another connection in the background and closes the one it is generated on.
   */
  onInterrupt?: "drain" | "disconnect";
  /**
   * Whether the server is given the conversation so far at the start and after every reconnect, before it is asked
   * anything, so that the next turn is incremental; a context: that one, at the start. Default false.
   */
  warmUp?: boolean | LLMContext;
  /** When a connection is replaced, while nothing is under way, in milliseconds; default 55 minutes. Not with a pool. */
  maxConnectionAgeMs?: number;
  /** Whether a turn goes over HTTP when no WebSocket can be had; default true. */
  httpFallback?: boolean;
  /** Connections shared with other services. */
  pool?: ResponsesConnectionPool;
}

export const websocketServiceChecks: Checks<OpenAIResponsesLLMServiceOptions> = {
  ...sharedChecks,
  timeouts: is.group<OpenAIResponsesLLMTimeouts>({
    ...timeoutChecks,
    ...connectionTimeoutChecks,
    drainMs: is.duration,
  }),
  ...connectionChecks,
  reconnectOnError: is.flag,
  standby: is.flag,
  onInterrupt: is.oneOf(["drain", "disconnect"]),
  warmUp: is.anyOf(is.flag, is.instanceOf(LLMContext)),
  maxConnectionAgeMs: is.timeLimit,
  httpFallback: is.flag,
  pool: is.instanceOf(ResponsesConnectionPool),
};
