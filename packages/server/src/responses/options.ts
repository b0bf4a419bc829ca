import { InvalidArgumentError, kindOf } from "turnwire/internal";
import type { ServerEnvironment } from "../kit/index.ts";
import type { Brain } from "./brain.ts";
import type { ReceivedRequest, ResponseStore, Timing, TokenCounter } from "./core/index.ts";
import { type CancelMode, cancelModes, type Dialect, type DialectName, dialects } from "./dialects/index.ts";
import type { Fault } from "./faults/index.ts";

/** How a server is started; every field has a default. */
export interface ResponsesServerOptions {
  /** The TCP port; 0, the default: any free one. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`, which other machines cannot reach. */
  host?: string;
  /** Host names beside the loopback ones and `host` that requests may name. */
  allowedHosts?: readonly string[];
  /** The API keys of which a request has to bring one. Default: none is asked for. */
  apiKeys?: readonly string[];
  /** What decides what is said. Default: `rulesBrain()`. */
  brain?: Brain;
  /** Which server's ways it has. Default: `openai`. */
  dialect?: DialectName | Partial<Dialect>;
  /** What is done about `response.cancel`. Default: the dialect's; `refuse` for most, as it is in no official list. */
  cancel?: CancelMode;
  /** False: `stream_id` is ignored and never echoed. Default: the dialect's. */
  lanes?: boolean;
  /** The models whose responses take `response.steer`; a trailing `*` stands for anything. Default: the dialect's. */
  steering?: readonly string[];
  /** How old a WebSocket connection may become, in milliseconds. Default: the dialect's; 60 minutes for most. */
  maxConnectionAgeMs?: number;
  /** How many WebSocket connections may be open at once. Default: 10 000. */
  maxConnections?: number;
  /** How many of them for one of the `apiKeys`. Default: as many as there may be at all. */
  maxConnectionsPerKey?: number;
  /** How many requests of a connection may wait for their turn. Default: 256. */
  maxQueuedRequests?: number;
  /** The models served; requests for others are refused. Default: every name is taken, and `turnwire-rules` listed. */
  models?: readonly string[];
  /** Where responses with `store: true` are kept. Default: the latest 1 000 in memory. It is closed with the server. */
  store?: ResponseStore;
  /** How tokens are counted: `exact` needs the package `gpt-tokenizer`, and a second to load. Default: `estimate`. */
  tokenizer?: "estimate" | "exact" | TokenCounter;
  /** How long the model takes. Default: as long as the brain. */
  timing?: Timing;
  /** What goes wrong, from the start. `docs/faults.md` has the list. */
  faults?: readonly Fault[];
  /** Whether processes of this machine can ask for faults at `/_turnwire/faults`. Default: false. */
  faultControl?: boolean;
  /** How many of the latest requests `requests` keeps. Default: 10 000. */
  keptRequests?: number;
  /** Told of each request as it comes to its end: for a log. The request holds the conversation. */
  onRequest?: (request: ReceivedRequest) => void;
  /** Told of what a brain threw, unless it was a `ResponsesApiError`. Default: a warning without its content. */
  onBrainError?: (error: unknown) => void;
  /** What only tests need to set: the clock that times the age of connections, the timing model and the faults, and where ids come from. */
  environment?: ServerEnvironment;
}

/** The dialect that is asked for, with the options that override it. */
export function dialectOf(options: ResponsesServerOptions): Dialect {
  const { dialect = "openai", cancel, lanes, steering, maxConnectionAgeMs } = options;
  const base = typeof dialect === "string" ? dialects[dialect] : { ...dialects.openai, ...dialect };
  return {
    ...base,
    ...(cancel === undefined ? {} : { cancel }),
    ...(lanes === undefined ? {} : { lanes: lanes ? "echo" : "ignore" }),
    ...(steering === undefined ? {} : { steering }),
    ...(maxConnectionAgeMs === undefined ? {} : { maxConnectionAgeMs }),
  };
}

/** Throws an `InvalidArgumentError` for options that cannot be. */
export function checkServerOptions(options: ResponsesServerOptions): void {
  const { cancel, dialect, maxConnectionAgeMs, apiKeys, tokenizer } = options;
  if (typeof dialect === "string" && !Object.hasOwn(dialects, dialect)) {
    throw new InvalidArgumentError("dialect", `expected one of ${Object.keys(dialects).join(", ")}, got a string`);
  }
  if (cancel !== undefined && !cancelModes.includes(cancel)) {
    throw new InvalidArgumentError("cancel", `expected "honour", "refuse" or "ignore", got ${kindOf(cancel)}`);
  }
  if (typeof tokenizer === "string" && tokenizer !== "estimate" && tokenizer !== "exact") {
    throw new InvalidArgumentError("tokenizer", `expected "estimate", "exact" or a counter, got ${kindOf(tokenizer)}`);
  }
  if (maxConnectionAgeMs !== undefined && !(maxConnectionAgeMs > 0 && maxConnectionAgeMs < 2 ** 31)) {
    throw new InvalidArgumentError(
      "maxConnectionAgeMs",
      `expected milliseconds from 1 to 2^31 - 1, got ${kindOf(maxConnectionAgeMs)}`,
    );
  }
  for (const key of apiKeys ?? []) {
    if (typeof key !== "string" || key === "")
      throw new InvalidArgumentError("apiKeys", `expected non-empty strings, got ${kindOf(key)}`);
  }
  for (const name of ["maxConnections", "maxConnectionsPerKey", "maxQueuedRequests"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw new InvalidArgumentError(name, `expected a whole number from 0, got ${kindOf(value)}`);
    }
  }
  checkTiming(options.timing ?? {});
}

function checkTiming(timing: Timing): void {
  for (const [name, value] of Object.entries(timing)) {
    if (value !== undefined && !(typeof value === "number" && value >= 0 && Number.isFinite(value))) {
      throw new InvalidArgumentError(`timing.${name}`, `expected a number from 0, got ${kindOf(value)}`);
    }
  }
}
