import { type Check, type Checks, defined, is } from "turnwire/internal";
import { checkStart, environmentCheck, listenerChecks, type ServerEnvironment, whole } from "../kit/index.ts";
import type { Brain } from "./brain.ts";
import type { ReceivedRequest, ResponseStore, Timing, TokenCounter } from "./core/index.ts";
import {
  type CancelMode,
  cancelModes,
  type Dialect,
  dialectCheck,
  type DialectName,
  dialects,
} from "./dialects/index.ts";
import { type Fault, readResponsesFault } from "./faults/index.ts";

/** The options of a server; every one has a default. */
export interface ResponsesServerOptions {
  /** The TCP port. Default: 0, which takes any free one. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`, which other machines cannot reach. */
  host?: string;
  /** Further host names that requests may name, beside the loopback ones and `host`. */
  allowedHosts?: readonly string[];
  /** The API keys; every request has to bring one of them. Default: no key is needed. */
  apiKeys?: readonly string[];
  /** Produces the answers. Default: `rulesBrain()`. */
  brain?: Brain;
  /** The server whose behaviour it has. Default: `openai`. */
  dialect?: DialectName | Partial<Dialect>;
  /** How it reacts to `response.cancel`. Default: the dialect's; `refuse` for most, as the event is in no official list. */
  cancel?: CancelMode;
  /** If false, `stream_id` is ignored and never echoed. Default: the dialect's. */
  lanes?: boolean;
  /** The models whose responses take `response.steer`; a trailing `*` stands for anything. Default: the dialect's. */
  steering?: readonly string[];
  /** How old a WebSocket connection may become, in milliseconds. Default: the dialect's; 60 minutes for most. */
  maxConnectionAgeMs?: number;
  /** How many WebSocket connections may be open at once. Default: 10 000. */
  maxConnections?: number;
  /** How many of them may be of one API key. Default: no limit but `maxConnections`. */
  maxConnectionsPerKey?: number;
  /** How many requests of a connection may wait for their turn. Default: 256. */
  maxQueuedRequests?: number;
  /** The models; requests for others are refused. Default: every name is accepted, and `turnwire-rules` is listed. */
  models?: readonly string[];
  /** Where responses with `store: true` are kept. Default: the latest 1 000 in memory. It is closed with the server. */
  store?: ResponseStore;
  /** How tokens are counted: `exact` needs the package `gpt-tokenizer`, and a second to load. Default: `estimate`. */
  tokenizer?: "estimate" | "exact" | TokenCounter;
  /** How long the model takes. Default: as long as the brain. */
  timing?: Timing;
  /** The faults from the start. `docs/faults.md` lists the kinds. */
  faults?: readonly Fault[];
  /** Whether processes of this machine can add faults at `/_turnwire/faults`. Default: false. */
  faultControl?: boolean;
  /** How many of the latest requests `requests` keeps. Default: 10 000. */
  keptRequests?: number;
  /** Called with each request when it has ended, for a log. The request holds the conversation. */
  onRequest?: (request: ReceivedRequest) => void;
  /** Called with any error of a brain that is not a `ResponsesApiError`. Default: a warning without its content. */
  onBrainError?: (error: unknown) => void;
  /** What only tests need to set: the clock that times the age of connections, the timing model and the faults, and where ids come from. */
  environment?: ServerEnvironment;
}

/** The dialect of the options, with those options that override it. */
export function dialectOf(options: ResponsesServerOptions): Dialect {
  const { dialect = "openai", cancel, lanes, steering, maxConnectionAgeMs } = options;
  const base = typeof dialect === "string" ? dialects[dialect] : { ...dialects.openai, ...dialect };
  return {
    ...base,
    ...defined({ cancel, steering, maxConnectionAgeMs }),
    ...(lanes === undefined ? {} : { lanes: lanes ? "echo" : "ignore" }),
  };
}

const timing = {
  firstTokenMs: is.number({ min: 0 }),
  perInputTokenMs: is.number({ min: 0 }),
  perTokenMs: is.number({ min: 0 }),
  jitter: is.number({ min: 0 }),
  seed: is.number({ min: 0 }),
} satisfies Checks<Timing>;

const fault: Check = { ...is.object, within: (value, path) => void readResponsesFault(value, path) };

const checks = {
  ...listenerChecks,
  allowedHosts: is.listOf(is.text),
  brain: is.func,
  dialect: is.anyOf(is.oneOf(Object.keys(dialects)), dialectCheck),
  cancel: is.oneOf(cancelModes),
  lanes: is.flag,
  steering: is.listOf(is.text),
  maxConnectionAgeMs: is.timeLimit,
  maxConnections: whole(0),
  maxConnectionsPerKey: whole(0),
  maxQueuedRequests: whole(0),
  models: is.listOf(is.text),
  store: is.having(["get", "put", "delete", "close"], "a response store"),
  tokenizer: is.anyOf(is.oneOf(["estimate", "exact"]), is.having(["count", "split"], "a token counter")),
  timing: is.group(timing),
  faults: is.listOf(fault),
  faultControl: is.flag,
  keptRequests: whole(0),
  onRequest: is.func,
  onBrainError: is.func,
  environment: environmentCheck,
} satisfies Checks<ResponsesServerOptions>;

const hints = {
  url: "the server listens at `host` and `port`; `upstreamBrain({ url })` asks another server",
};

/** Throws an `InvalidArgumentError` that names the option. */
export function checkServerOptions(options: ResponsesServerOptions): void {
  checkStart("ResponsesServer", options, checks, hints);
}
