/**
 * The API key of every simulated service. It has the form of a real key, so that the code that redacts keys must recognise it.
 */
export const secret = "sk-simulated-0123456789abcdefSECRET";

const tell = "0123456789abcdefSECRET";

/** Whether a value contains the key, also in the causes of an error. */
export function holdsSecret(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return value.includes(tell);
  if (typeof value !== "object" || value === null || depth > 6) return false;
  if (value instanceof Error && (holdsSecret(value.message) || holdsSecret(value.cause, depth + 1))) return true;
  for (const field of Object.keys(value)) {
    if (holdsSecret((value as Record<string, unknown>)[field], depth + 1)) return true;
  }
  return false;
}
