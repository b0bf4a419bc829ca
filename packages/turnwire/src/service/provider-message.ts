import { isRecord } from "../checks/index.ts";
import { ProviderError } from "../errors.ts";

/**
 * Reads a message of a provider. The fields have to be checked where they are used.
 * @param provider Its name, for the error.
 * @throws ProviderError if the text is not a JSON object.
 */
export function parseMessage(provider: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const message: unknown = JSON.parse(text);
    if (isRecord(message)) return message;
  } catch {
    // Reported below.
  }
  throw new ProviderError(
    "unreadable_message",
    `${provider} sent ${text.length} characters that are not a JSON object`,
  );
}
