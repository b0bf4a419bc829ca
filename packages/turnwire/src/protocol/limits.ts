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
