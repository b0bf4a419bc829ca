import type {
  ResponseInputItem,
  ResponseOutputItem,
  ResponsesClientEvent,
  ResponsesServerEvent,
} from "openai/resources/responses/responses";
import type { Response } from "openai/resources/responses/responses";

export type { Response, ResponseInputItem, ResponseOutputItem };

export type ResponseCreateEvent = ResponsesClientEvent.ResponseCreate;

/** Asks the server to end a response early. No official list of client events has it, so servers may refuse or ignore it. */
export interface ResponseCancelEvent {
  type: "response.cancel";
  response_id: string;
}

export type ClientEvent = ResponsesClientEvent | ResponseCancelEvent;

/** Every event that a server may send, typed by the `openai` package. */
export type ServerEvent = ResponsesServerEvent;

/** A server event as received. Code that reads a field must check it. */
export interface RawEvent {
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
  if (!isObject(value)) return undefined;
  return typeof value["type"] === "string" ? (value as RawEvent) : { ...value, type: "" };
}

/** Whether the event ends a response. An `error` event may end a request that has not become a response: see `isErrorEvent`. */
export function isTerminalEvent(event: RawEvent): boolean {
  const { type } = event;
  // This runs for every event, and comparing is cheaper than hashing a string that has just been read.
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
