import { type Checks, type Hints, is } from "../checks/index.ts";
import { functionTimeLimit, LLMContext } from "../context/index.ts";
import type { LLMServiceOptions, LLMTimeouts, WebsocketLLMServiceOptions, WebsocketLLMTimeouts } from "../llm/index.ts";
import { connectionChecks, connectionTimeoutChecks, environmentCheck } from "../websocket/index.ts";
import { ResponsesConnectionPool } from "./connection/index.ts";
import type { EndpointOptions } from "./endpoint.ts";
import type { ServiceTier } from "./request/index.ts";
import { type OpenAIResponsesLLMSettings, settingsChecks } from "./settings.ts";

/** Time limits of both Responses services, in milliseconds. */
export interface OpenAIResponsesTimeouts {
  /** From a request to its first event; default 60 000. */
  firstEventMs?: number;
  /** Between two events; default: none, since models that reason are silent for minutes. */
  idleMs?: number;
  /** From a request to its first output, with `retryOnTimeout`; default 5000. */
  outputMs?: number;
  /** How long an inference may wait in all to be asked again when the server is busy; default 10 000. */
  retryMs?: number;
}

/** Time limits of the WebSocket service, in milliseconds. */
export interface OpenAIResponsesLLMTimeouts extends OpenAIResponsesTimeouts, WebsocketLLMTimeouts {
  /**
   * How long the rest of an interrupted response may hold up a connection to a server without lanes before the connection
   * is replaced; default 1000. No turn waits for it: a second connection is made meanwhile.
   */
  drainMs?: number;
}

/** Options of both Responses services. The settings may be changed later with `updateSettings`. */
export interface OpenAIResponsesOptions extends EndpointOptions, Partial<OpenAIResponsesLLMSettings> {
  /** Such as `auto`, `flex` or `priority`. */
  serviceTier?: ServiceTier;
  /** Whether an inference without output after `timeouts.outputMs` is asked again, once; default false. */
  retryOnTimeout?: boolean;
  /**
   * What happens to a turn whose connection is lost after output: `fail`, the default, ends it with an error that says how
   * much was delivered; `resume` asks the model to go on where it stopped.
   */
  onConnectionLost?: "fail" | "resume";
}

export interface OpenAIResponsesHttpLLMServiceOptions
  extends Omit<LLMServiceOptions, "timeouts">, OpenAIResponsesOptions {
  /** Time limits, in milliseconds. */
  timeouts?: OpenAIResponsesTimeouts & LLMTimeouts;
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

const httpTimeouts = {
  firstEventMs: is.timeLimit,
  idleMs: is.timeLimit,
  outputMs: is.timeLimit,
  retryMs: is.duration,
  functionMs: functionTimeLimit,
};

const sharedChecks = {
  ...settingsChecks,
  apiKey: is.anyOf(is.string, is.func),
  baseURL: is.text,
  organization: is.string,
  project: is.string,
  defaultHeaders: is.recordOf(is.string),
  fetch: is.func,
  serviceTier: is.text,
  retryOnTimeout: is.flag,
  onConnectionLost: is.oneOf(["fail", "resume"]),
  runInParallel: is.flag,
  name: is.text,
  capacity: is.number({ min: 1, integer: true }),
  logger: is.having(["debug", "warn"], "a logger with debug() and warn()"),
  environment: environmentCheck,
};

export const httpServiceChecks: Checks<OpenAIResponsesHttpLLMServiceOptions> = {
  ...sharedChecks,
  timeouts: is.group<NonNullable<OpenAIResponsesHttpLLMServiceOptions["timeouts"]>>(httpTimeouts),
};

export const websocketServiceChecks: Checks<OpenAIResponsesLLMServiceOptions> = {
  ...sharedChecks,
  timeouts: is.group<OpenAIResponsesLLMTimeouts>({
    ...httpTimeouts,
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

/** For names of the API and of other libraries. */
export const optionHints: Hints = {
  settings: "the settings are options of their own: `model`, `instructions` and so on",
  systemInstruction: "it is called `instructions`",
  systemPrompt: "it is called `instructions`",
  maxCompletionTokens: "it is called `maxTokens`",
  maxOutputTokens: "it is called `maxTokens`",
  max_output_tokens: "it is called `maxTokens`",
  client: "give a `fetch` instead",
  clock: "it belongs to the option `environment`",
  random: "it belongs to the option `environment`",
  socketFactory: "it belongs to the option `environment`",
  tools: "it belongs to the context: `new LLMContext({ tools })`",
  messages: "it belongs to the context: `new LLMContext({ messages })`",
  ...Object.fromEntries(
    ["connectMs", "closeMs", "firstEventMs", "idleMs", "outputMs", "drainMs", "functionMs", "retryMs"].map((name) => [
      name,
      "it belongs to the option `timeouts`",
    ]),
  ),
};
