/** Limits of the Responses WebSocket mode, as its public guide states them. */
export const limits = {
  /** Requests in flight at once on one connection; further ones are queued. */
  maxInFlight: 16,
  /** Distinct named lanes in a connection's life. */
  maxLanes: 32,
  /** A connection's longest life in milliseconds. */
  maxConnectionAgeMs: 60 * 60_000,
  /** The largest message a server takes, in bytes: one of this size is already refused. */
  maxMessageBytes: 16 * 1024 * 1024,
} as const;

/** What a lane's name looks like. */
export const laneNamePattern = /^[A-Za-z0-9_.-]{1,256}$/;
