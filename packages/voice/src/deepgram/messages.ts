import { ProviderError, withoutKeys } from "turnwire/internal";

/** A message of Deepgram. Its fields are checked where they are used. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws ProviderError if the text is not a JSON object. */
export function parse(text: string): Fields {
  try {
    const message: unknown = JSON.parse(text);
    if (isFields(message)) return message;
  } catch {
    // Reported below.
  }
  throw new ProviderError("unreadable_message", `Deepgram sent ${text.length} characters that are not a JSON object`);
}

/**
 * Reads an `Error` or a `Warning`. The reference (https://developers.deepgram.com/reference/text-to-speech/speak-streaming)
 * names the fields in one way, and messages that users quote in another.
 */
export function readError(message: Fields): ProviderError {
  const said = firstText(message, ["description", "message", "warn_msg"]) ?? "an error without a description";
  const code = firstText(message, ["variant", "code", "warn_code"]) ?? "provider_error";
  return new ProviderError(code, `Deepgram: ${withoutKeys(said)}`);
}

function firstText(message: Fields, names: readonly string[]): string | undefined {
  return names.map((name) => message[name]).find((value): value is string => typeof value === "string" && value !== "");
}
