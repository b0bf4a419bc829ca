import { checkValue, is } from "../checks/index.ts";
import { InvalidArgumentError, MissingApiKeyError } from "../errors.ts";

/** A key, or a function that fetches one. */
export type ApiKey = string | (() => Promise<string>);

/** The key of a provider, fetched at every connect: the one given, or that of the environment. */
export class ProviderKey {
  readonly #given: ApiKey | undefined;
  readonly #variable: string;

  /**
   * @param variable The environment variable, such as `DEEPGRAM_API_KEY`.
   * @throws InvalidArgumentError for anything but a function or a string that a header can carry.
   */
  constructor(given: ApiKey | undefined, variable: string) {
    if (given !== undefined) checkValue(given, "apiKey", is.anyOf(is.string, is.func));
    if (typeof given === "string") checkKey(given);
    this.#given = given;
    this.#variable = variable;
  }

  /** @throws MissingApiKeyError; InvalidArgumentError for a key that a header cannot carry. */
  async get(): Promise<string> {
    const key = typeof this.#given === "function" ? await this.#given() : (this.#given ?? process.env[this.#variable]);
    if (typeof key === "string" && key.trim() !== "") return checkKey(key);
    throw new MissingApiKeyError(
      `no API key: give \`apiKey\` or set ${this.#variable}; for a server that needs none, any text will do`,
    );
  }
}

/** Returns the key without spaces and line breaks around it, which files and environments add. */
function checkKey(key: string): string {
  const trimmed = key.trim();
  if (/^[\x20-\x7e\x80-\xff]*$/.test(trimmed)) return trimmed;
  throw new InvalidArgumentError("apiKey", "expected characters that an HTTP header can carry, got others in a string");
}
