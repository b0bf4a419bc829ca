/** The key every simulated service is given. It looks like one, so that what hides keys has to hide it. */
export const secret = "sk-simulated-0123456789abcdefSECRET";

const tell = "0123456789abcdefSECRET";

/** Whether the key is in a value, an error's causes included. */
export function holdsSecret(value: unknown, depth = 0): boolean {
  if (typeof value === "string") return value.includes(tell);
  if (typeof value !== "object" || value === null || depth > 6) return false;
  if (value instanceof Error && (holdsSecret(value.message) || holdsSecret(value.cause, depth + 1))) return true;
  for (const field of Object.keys(value)) {
    if (holdsSecret((value as Record<string, unknown>)[field], depth + 1)) return true;
  }
  return false;
}
