import { checkValue, is } from "../checks/index.ts";
import { MissingApiKeyError } from "../errors.ts";

/** A key, or a function that fetches one. */
export type ApiKey = string | (() => Promise<string>);

/** The key of a provider, fetched at every connect: the one given, or that of the environment. */
export class ProviderKey {
  readonly #given: ApiKey | undefined;
  readonly #variable: string;

  /**
   * @param variable The environment variable, such as `DEEPGRAM_API_KEY`.
   * @throws InvalidArgumentError for anything but a string or a function.
   */
  constructor(given: ApiKey | undefined, variable: string) {
    if (given !== undefined) checkValue(given, "apiKey", is.anyOf(is.string, is.func));
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
