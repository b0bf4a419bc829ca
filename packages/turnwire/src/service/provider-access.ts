import { InvalidArgumentError, kindOf, MissingApiKeyError } from "../errors.ts";

/** A key, or what fetches one. */
export type ApiKey = string | (() => Promise<string>);

/** The key of a provider, asked for at every connect: the one given, or the environment's. */
export class ProviderKey {
  readonly #given: ApiKey | undefined;
  readonly #variable: string;

  /**
   * @param variable The environment variable, such as `DEEPGRAM_API_KEY`.
   * @throws InvalidArgumentError
   */
  constructor(given: ApiKey | undefined, variable: string) {
    if (given !== undefined && typeof given !== "string" && typeof given !== "function") {
      throw new InvalidArgumentError("apiKey", `must be a string or a function that fetches one, not ${kindOf(given)}`);
    }
    this.#given = given;
    this.#variable = variable;
  }

  /** @throws MissingApiKeyError */
  async get(): Promise<string> {
    const key = typeof this.#given === "function" ? await this.#given() : (this.#given ?? process.env[this.#variable]);
    if (typeof key === "string" && key !== "") return key;
    throw new MissingApiKeyError(
      `no API key: give \`apiKey\` or set ${this.#variable}; for a server that needs none, any text will do`,
    );
  }
}

/**
 * The address of a provider's WebSockets; `http` stands for `ws`.
 * @throws InvalidArgumentError
 */
export function websocketBase(baseURL: unknown): URL {
  const text = typeof baseURL === "string" ? baseURL.replace(/^http/, "ws") : "";
  if (/^wss?:\/\/./.test(text) && URL.canParse(text)) return new URL(text);
  // Not quoted: it may hold a key.
  const kind = typeof baseURL === "string" ? "another text" : kindOf(baseURL);
  throw new InvalidArgumentError("baseURL", `must be a URL that begins with wss:, ws:, https: or http:, not ${kind}`);
}
