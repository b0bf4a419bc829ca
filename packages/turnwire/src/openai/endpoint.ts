import { InvalidArgumentError, kindOf } from "../errors.ts";
import { type ApiKey, ProviderKey } from "../service/index.ts";
import { proxiedFetch, type WebsocketTarget } from "../websocket/index.ts";

export interface EndpointOptions {
  /** The key, or a function that fetches it, called for each connection and request; default: the environment's OPENAI_API_KEY. */
  apiKey?: ApiKey;
  /** Default: the environment's OPENAI_BASE_URL, or `https://api.openai.com/v1`. */
  baseURL?: string;
  /** Default: the environment's OPENAI_ORG_ID. */
  organization?: string;
  /** Default: the environment's OPENAI_PROJECT_ID. */
  project?: string;
  /** Sent with every request and WebSocket upgrade. A header of turnwire's is replaced by one of the same name. */
  defaultHeaders?: Readonly<Record<string, string>> | Headers;
  /** Makes the HTTP requests in place of Node's `fetch`, and goes through no proxy but its own. */
  fetch?: typeof fetch;
}

/** The server that connections go to, and the account. */
export interface Address {
  server: string;
  key: string | undefined;
  organization: string | undefined;
  project: string | undefined;
}

/** The parts of an HTTP request to the endpoint. */
export interface HttpTarget {
  url: string;
  headers: Headers;
  fetch: typeof fetch;
}

const defaultBaseURL = "https://api.openai.com/v1";

/** The address of the Responses API, for HTTP and for WebSockets. The environment is read anew for each connection and request. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #key: ProviderKey;
  #proxied: Promise<typeof fetch | undefined> | undefined;

  /** @throws InvalidArgumentError */
  constructor(options: EndpointOptions) {
    this.#options = options;
    if (options.baseURL !== undefined) responsesURL(options.baseURL);
    this.#key = new ProviderKey(options.apiKey, "OPENAI_API_KEY");
  }

  /** Two services with the same address can share a connection. A key that a function fetches is not known yet. */
  get address(): Address {
    const { apiKey = process.env["OPENAI_API_KEY"], organization, project } = this.#options;
    return {
      server: responsesURL(this.#baseURL).href,
      key: typeof apiKey === "string" ? apiKey : undefined,
      organization: organization ?? process.env["OPENAI_ORG_ID"],
      project: project ?? process.env["OPENAI_PROJECT_ID"],
    };
  }

  /** @throws MissingApiKeyError; InvalidArgumentError for a base URL or a proxy that cannot be used. */
  async http(): Promise<HttpTarget> {
    const url = responsesURL(this.#baseURL).href;
    const [own, ask] = await Promise.all([this.#headers(), this.#fetch()]);
    const headers = new Headers({ "Content-Type": "application/json" });
    // One by one: a header of the caller's replaces ours however the caller writes its name.
    for (const [name, value] of Object.entries(own)) headers.set(name, value);
    return { url, headers, fetch: ask };
  }

  /** @throws MissingApiKeyError; InvalidArgumentError for a base URL that cannot be used. */
  async websocket(): Promise<WebsocketTarget> {
    const url = responsesURL(this.#baseURL);
    url.protocol = url.protocol === "http:" || url.protocol === "ws:" ? "ws:" : "wss:";
    return { url: url.href, headers: await this.#headers() };
  }

  get #baseURL(): string {
    return this.#options.baseURL ?? (process.env["OPENAI_BASE_URL"] || defaultBaseURL);
  }

  async #headers(): Promise<Record<string, string>> {
    const { organization = process.env["OPENAI_ORG_ID"], project = process.env["OPENAI_PROJECT_ID"] } = this.#options;
    const own = {
      Authorization: `Bearer ${await this.#key.get()}`,
      ...(organization ? { "OpenAI-Organization": organization } : {}),
      ...(project ? { "OpenAI-Project": project } : {}),
    };
    return replaced(own, this.#options.defaultHeaders);
  }

  async #fetch(): Promise<typeof fetch> {
    if (this.#options.fetch !== undefined) return this.#options.fetch;
    // One for all requests: it keeps its connections to the proxy.
    this.#proxied ??= proxiedFetch(this.#baseURL).catch((error: unknown) => {
      this.#proxied = undefined;
      throw error;
    });
    return (await this.#proxied) ?? fetch;
  }
}

/** Headers with those of the caller, which replace ours however the caller writes their names. */
function replaced(own: Record<string, string>, given: EndpointOptions["defaultHeaders"]): Record<string, string> {
  const headers = given instanceof Headers ? Object.fromEntries(given) : (given ?? {});
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = Object.entries(own).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...headers };
}

/** `https://host/v1` → `https://host/v1/responses`. A query stays. */
function responsesURL(baseURL: string): URL {
  if (!/^(https?|wss?):\/\/./i.test(baseURL) || !URL.canParse(baseURL)) {
    // Not quoted, since it may hold a key.
    const got = baseURL === "" ? kindOf(baseURL) : "another string";
    throw new InvalidArgumentError("baseURL", `expected a URL such as ${defaultBaseURL}, got ${got}`);
  }
  const url = new URL(baseURL);
  if (/\/responses\/*$/.test(url.pathname)) {
    throw new InvalidArgumentError(
      "baseURL",
      "expected the URL without `/responses`, which is added, got it with that",
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/responses`;
  return url;
}
