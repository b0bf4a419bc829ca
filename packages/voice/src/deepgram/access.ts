import { type ApiKey, ProviderKey, websocketBase } from "turnwire/provider";
import type { WebsocketTarget } from "turnwire/provider";

/** Where Deepgram is, and who asks. */
export interface DeepgramAccessOptions {
  /** The key, or what fetches one, asked at every connect; default: the environment's DEEPGRAM_API_KEY. */
  apiKey?: ApiKey;
  /** Default: the environment's DEEPGRAM_BASE_URL, or `wss://api.deepgram.com`. `http` stands for `ws`. */
  baseURL?: string;
}

/** The values of a query parameter: several are sent as the parameter several times. */
export type QueryValue = string | number | boolean | ReadonlyArray<string | number | boolean>;

/** Finds the address and the header of Deepgram's WebSocket endpoints. */
export class DeepgramAccess {
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
