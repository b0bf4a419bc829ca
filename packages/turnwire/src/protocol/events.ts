/**
 * The kinds of events:
 * - `text`: a piece of the reply's text;
 * - `created`: a response begins;
 * - `terminal`: a response has ended, well or not;
 * - `error`: an `error` event;
 * - `unclear`: an error that answers either a cancel or the request that has no response yet;
 * - `steer`: the server reports the outcome of a steer;
 * - `refused-steer`: an error by which a server says that it cannot be steered;
 * - `other`: everything else.
 */
export type EventKind = "text" | "created" | "terminal" | "error" | "unclear" | "steer" | "refused-steer" | "other";

/** A server event as it came. Its fields are checked where they are used. */
export interface RawEvent {
  /** Decided once, when the event is parsed. It replaces a field `kind` of the server's. */
  kind: EventKind;
  /** The event's type; an empty string if the server sent none. */
  type: string;
  stream_id?: unknown;
  [field: string]: unknown;
}

/** Parses one message of the socket. Returns undefined if the message is not a JSON object. */
export function parseEvent(message: string): RawEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  return isObject(value) ? toEvent(value) : undefined;
}

/** Makes an event of a parsed object, which becomes the event itself. */
export function toEvent(value: Record<string, unknown>): RawEvent {
  const event = value as RawEvent;
  if (typeof event.type !== "string") event.type = "";
  event.kind = kindOf(event);
  return event;
}

// This runs for every event, and comparing is cheaper than hashing a string that has just been read.
function kindOf(event: RawEvent): EventKind {
  const { type } = event;
  if (type === "response.output_text.delta" || type === "response.refusal.delta") return "text";
  if (type === "response.created") return "created";
  if (isTerminal(type)) return "terminal";
  if (type === "error") return "error";
  if (type === "") return event["error"] === undefined || event["error"] === null ? "other" : "error";
  return type.startsWith("response.steer.") ? "steer" : "other";
}

function isTerminal(type: string): boolean {
  return (
    type === "response.completed" ||
    type === "response.failed" ||
    type === "response.incomplete" ||
    // No official list has this type, but it is the natural name for the end of a cancelled response.
    type === "response.cancelled"
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
