import { RequestTooLargeError } from "../errors.ts";

/** Limits of the Responses WebSocket mode, as its public guide states them. */
export const limits = {
  /** Requests in flight at once on one connection. The server queues further ones. */
  maxInFlight: 16,
  /** Distinct named lanes over the lifetime of a connection. */
  maxLanes: 32,
  /** Maximum age of a connection, in milliseconds. */
  maxConnectionAgeMs: 60 * 60_000,
  /** Size limit of a message, in bytes. Servers refuse a message of exactly this size. */
  maxMessageBytes: 16 * 1024 * 1024,
} as const;

/** The valid names of lanes. */
export const laneNamePattern = /^[A-Za-z0-9_.-]{1,256}$/;

/** Below the limit of a message, since servers close the connection there. */
const largestRequestBytes = 15 * 1024 * 1024;

/** @throws RequestTooLargeError for a request that a server would not take as one message. */
export function checkRequestSize(message: string): void {
  // A character takes at most four bytes: most messages need not be measured.
  if (message.length <= largestRequestBytes / 4) return;
  const bytes = Buffer.byteLength(message);
  if (bytes > largestRequestBytes) throw new RequestTooLargeError(bytes, limits.maxMessageBytes);
}
