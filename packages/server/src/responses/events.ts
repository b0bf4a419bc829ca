import type { ResponsesServerEvent as ServerEvent } from "openai/resources/responses/responses";
import type { ResponsesApiError } from "./api-error.ts";

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A server event before it is numbered and, on a named lane, labelled. */
export type EventBody = DistributiveOmit<ServerEvent, "sequence_number" | "stream_id">;

/** Takes the events of one response. */
export interface EventSink {
  event(body: EventBody): void;
  /** The request's error, in the shape of the transport. It comes last. */
  error(error: ResponsesApiError): void;
  /** Resolves when the reader has caught up enough to be sent more; rejects with the signal's reason. */
  ready(signal: AbortSignal): Promise<void>;
  /** Resolves when everything is sent; rejects with the signal's reason. Absent if nothing is ever held back. */
  settled?(signal: AbortSignal): Promise<void>;
}
