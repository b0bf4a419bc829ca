import { type ApiKey, ProviderKey, websocketBase, type WebsocketTarget } from "turnwire/provider";

/** The address of Deepgram, and the key. */
export interface DeepgramAccessOptions {
  /** The key, or a function that fetches one and is called at every connect; default: DEEPGRAM_API_KEY of the environment. */
  apiKey?: ApiKey;
  /** Default: DEEPGRAM_BASE_URL of the environment, or `wss://api.deepgram.com`. `http` is taken as `ws`. */
  baseURL?: string;
}

/** The value of a query parameter; an array sends the parameter several times. */
export type QueryValue = string | number | boolean | ReadonlyArray<string | number | boolean>;

/** Makes the address and the headers of Deepgram's WebSocket endpoints. */
export class DeepgramEndpoint {
  readonly #key: ProviderKey;
  readonly #base: URL;

  /** @throws InvalidArgumentError */
  constructor(options: DeepgramAccessOptions) {
    this.#key = new ProviderKey(options.apiKey, "DEEPGRAM_API_KEY");
    this.#base = websocketBase(options.baseURL ?? process.env["DEEPGRAM_BASE_URL"] ?? "wss://api.deepgram.com");
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
    return { url: url.href, headers: { Authorization: `Token ${await this.#key.get()}` } };
  }
}
