import type {
  ResponseInputItem,
  ResponseOutputItem,
  ResponsesClientEvent,
  ResponsesServerEvent,
} from "openai/resources/responses/responses";
import type { Response } from "openai/resources/responses/responses";

export type { Response, ResponseInputItem, ResponseOutputItem };

/** `response.create` as it goes over the socket. */
export type ResponseCreateEvent = ResponsesClientEvent.ResponseCreate;

/** Asks the server to end a response early. In no official list of client events: servers may refuse or ignore it. */
export interface ResponseCancelEvent {
  type: "response.cancel";
  response_id: string;
}

export type ClientEvent = ResponsesClientEvent | ResponseCancelEvent;

/** Every event a server may send, by the types of the `openai` package. */
export type ServerEvent = ResponsesServerEvent;

/** A server event as it came: its fields are checked where they are used. */
export interface RawEvent {
  /** The event's type; an empty string when the server sent none. */
  type: string;
  stream_id?: unknown;
  [field: string]: unknown;
}

/** One message of the socket as an event, or undefined when it is not a JSON object. */
export function parseEvent(message: string): RawEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  return typeof value["type"] === "string" ? (value as RawEvent) : { ...value, type: "" };
}

/** Whether the event ends a response. An `error` event ends a request that never became one: see `isErrorEvent`. */
export function isTerminalEvent(event: RawEvent): boolean {
  const { type } = event;
  // Asked of every event: comparing is cheaper than hashing a string that has just been read.
  return (
    type === "response.completed" ||
    type === "response.failed" ||
    type === "response.incomplete" ||
    // In no official list, but the natural name for what ends a cancelled response.
    type === "response.cancelled"
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
