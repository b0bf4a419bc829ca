import { InvalidArgumentError, kindOf, MissingApiKeyError } from "../errors.ts";
import type { WebsocketTarget } from "../websocket/index.ts";

/** Where Deepgram is, and who asks. */
export interface DeepgramAccessOptions {
  /** The key, or what fetches one, asked at every connect; default: the environment's DEEPGRAM_API_KEY. */
  apiKey?: string | (() => Promise<string>);
  /** Default: the environment's DEEPGRAM_BASE_URL, or `wss://api.deepgram.com`. `http` stands for `ws`. */
  baseURL?: string;
}

/** The values of a query parameter: several are sent as the parameter several times. */
export type QueryValue = string | number | boolean | ReadonlyArray<string | number | boolean>;

/** Finds the address and the header of Deepgram's WebSocket endpoints. */
export class DeepgramAccess {
  readonly #apiKey: DeepgramAccessOptions["apiKey"];
  readonly #base: URL;

  /** @throws InvalidArgumentError */
  constructor(options: DeepgramAccessOptions) {
    const { apiKey } = options;
    if (apiKey !== undefined && typeof apiKey !== "string" && typeof apiKey !== "function") {
      throw new InvalidArgumentError(
        "apiKey",
        `must be a string or a function that fetches one, not ${kindOf(apiKey)}`,
      );
    }
    this.#apiKey = apiKey;
    this.#base = baseFrom(options.baseURL ?? process.env["DEEPGRAM_BASE_URL"] ?? "wss://api.deepgram.com");
  }

  /**
   * @param path Such as `/v1/listen`.
   * @param query Parameters that are undefined are left out.
   * @throws MissingApiKeyError
   */
  async target(path: string, query: Readonly<Record<string, QueryValue | undefined>>): Promise<WebsocketTarget> {
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    // https://developers.deepgram.com/reference/speech-to-text/listen-streaming: "Authorization: Token KEY"
    return { url: url.href, headers: { Authorization: `Token ${await this.#key()}` } };
  }

  async #key(): Promise<string> {
    const key =
      typeof this.#apiKey === "function" ? await this.#apiKey() : (this.#apiKey ?? process.env["DEEPGRAM_API_KEY"]);
    if (typeof key === "string" && key !== "") return key;
    throw new MissingApiKeyError(
      "no API key: give `apiKey` or set DEEPGRAM_API_KEY; for a server that needs none, any text will do",
    );
  }
}

function baseFrom(baseURL: unknown): URL {
  const text = typeof baseURL === "string" ? baseURL.replace(/^http/, "ws") : "";
  // Not quoted: it may hold a key.
  if (!/^wss?:\/\/./.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError(
      "baseURL",
      `must be a URL that begins with wss:, ws:, https: or http:, not ${typeof baseURL === "string" ? "another text" : kindOf(baseURL)}`,
    );
  }
  return new URL(text);
}
