import { ProviderError, withoutKeys } from "turnwire/internal";

/** The fields of a message. They are checked where they are used. */
export type Fields = Readonly<Record<string, unknown>>;

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
