/** The handler of each type of message. */
export type Commands = Readonly<Record<string, (message: Record<string, unknown>) => void>>;

/** Hands a text message to the command that it names. Returns false if it names none. */
export function dispatch(text: string, commands: Commands): boolean {
  const message = parse(text);
  const type = message?.["type"];
  if (message === undefined || typeof type !== "string" || !Object.hasOwn(commands, type)) return false;
  commands[type]?.(message);
  return true;
}

/** The type of a message; undefined if it is no JSON object with one. */
export function typeOf(text: string): string | undefined {
  const type = parse(text)?.["type"];
  return typeof type === "string" ? type : undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
