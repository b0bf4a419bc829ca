import { checkOptions, type Checks, InvalidArgumentError, is, kindOf } from "turnwire/internal";

/** Where the upstream is and how to ask it. */
export interface UpstreamBrainOptions {
  /** The base URL, as clients of the upstream are given it: `http://127.0.0.1:11434/v1`. Without a path `/v1` is added. */
  url: string | URL;
  /** Sent as a bearer token. Default: no token; the environment's keys are never used. */
  apiKey?: string | (() => Promise<string>);
  /** The API of the upstream. Default: `chat`, Chat Completions, which every model server has. */
  api?: "chat" | "responses";
  /** The model the upstream is asked for. Default: the one the client names. */
  model?: string;
  /** Further headers, such as `api-key`. They are kept as secret as the key. */
  headers?: Readonly<Record<string, string>>;
  /** Further fields of every upstream request; they win over the client's: `{ keep_alive: "1h" }`. */
  extra?: Readonly<Record<string, unknown>>;
  /**
   * The field of Chat Completions that carries `max_output_tokens`. Default: `max_completion_tokens` for OpenAI and Azure,
   * `max_tokens` for everyone else: model servers ignore the newer name.
   */
  maxTokensField?: "max_tokens" | "max_completion_tokens";
  /**
   * Whether the model gets its reasoning before the function calls of the current turn, as `reasoning_content`.
   * Default: true. Chat Completions only.
   */
  sendReasoning?: boolean;
  /** How long the upstream may take to begin its answer, in milliseconds. Default: 10 minutes. */
  timeoutMs?: number;
}

type Defaulted = "api" | "headers" | "extra" | "maxTokensField" | "sendReasoning" | "timeoutMs";

/** The options with their defaults. */
export interface UpstreamSettings extends Readonly<Required<Pick<UpstreamBrainOptions, Defaulted>>> {
  readonly baseURL: string;
  readonly apiKey: UpstreamBrainOptions["apiKey"];
  readonly model: UpstreamBrainOptions["model"];
}

const checks = {
  url: is.required(is.custom("a URL", (value) => typeof value === "string" || value instanceof URL)),
  apiKey: is.anyOf(is.string, is.func),
  api: is.oneOf(["chat", "responses"]),
  model: is.text,
  headers: is.recordOf(is.string),
  extra: is.object,
  maxTokensField: is.oneOf(["max_tokens", "max_completion_tokens"]),
  sendReasoning: is.flag,
  timeoutMs: is.timeLimit,
} satisfies Checks<UpstreamBrainOptions>;

/** The options with their defaults. Throws an `InvalidArgumentError` naming the option that cannot be used. */
export function readOptions(options: UpstreamBrainOptions): UpstreamSettings {
  checkOptions("upstreamBrain()", options, checks, { baseURL: "it is called `url` here" });
  const { api = "chat", apiKey, model, headers = {}, extra = {}, sendReasoning = true, timeoutMs = 600_000 } = options;
  const url = readURL(options.url);
  const { maxTokensField = isOpenAI(url) ? "max_completion_tokens" : "max_tokens" } = options;
  const baseURL = url.href.replace(/\/+$/, "");
  return { baseURL, apiKey, api, model, headers, extra, maxTokensField, sendReasoning, timeoutMs };
}

function readURL(value: string | URL): URL {
  const url = URL.parse(String(value));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      "url",
      `expected an http: or https: URL with /v1, got ${kindOf(value)} that is none`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidArgumentError("url", "credentials in the URL are not sent; give them as apiKey or headers");
  }
  if (/\/(?:chat\/completions|responses)\/?$/.test(url.pathname)) {
    throw new InvalidArgumentError("url", "names an endpoint; leave its path away up to /v1, and choose with api");
  }
  if (url.pathname === "/") url.pathname = "/v1";
  return url;
}

function isOpenAI(url: URL): boolean {
  return /(?:^|\.)(?:openai|azure)\.com$/.test(url.hostname);
}
