import { invalidQuery, SpeechApiError } from "./speech-api-error.ts";

/** Reads query parameters. Throws a 400 that names a parameter it cannot read. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** The parameters as they came; the last value of a repeated one. */
  get all(): Record<string, string> {
    return Object.fromEntries(this.#parameters);
  }

  text(name: string): string | undefined {
    return this.#parameters.get(name) ?? undefined;
  }

  flag(name: string): boolean {
    const value = this.text(name) ?? "false";
    if (value !== "true" && value !== "false") throw invalidQuery(`${name} must be true or false.`);
    return value === "true";
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    throw invalidQuery(`${name} must be a whole number from ${least} to ${most}.`);
  }
}

/** The error for an encoding that Deepgram takes and this server does not. */
export function onlyLinear16(encoding: string): SpeechApiError {
  const shown = /^[\w-]{1,32}$/.test(encoding) ? ` ${encoding}` : "";
  return new SpeechApiError(
    400,
    "UNSUPPORTED_AUDIO_FORMAT",
    `The encoding${shown} is not served here: this is turnwire's local server, which knows linear16 only.`,
  );
}
