/** The time. Everything that waits or measures takes a clock, so that tests can control it. */
export interface Clock {
  /** Milliseconds since an arbitrary origin. Never goes backwards. */
  now(): number;
  /**
   * Calls `callback` once after `delayMs`. The function returned cancels that. A pending timer keeps the process alive, unless
   * `keepAlive` is false.
   */
  schedule(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): () => void;
}

// The global is a getter, and the clock is read for every message.
const { performance } = globalThis;

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(callback, delayMs, options) {
    const timer = setTimeout(callback, delayMs);
    if (options?.keepAlive === false) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A source of random numbers in [0, 1). */
export type Random = () => number;

/** Gets the errors and warnings that turnwire cannot throw. `console` is one. */
export interface Logger {
  debug(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

/** Drops debug messages and prints warnings to standard error. */
export const defaultLogger: Logger = {
  debug: () => undefined,
  warn: (message, details) => {
    console.warn(`turnwire: ${message}`, ...(details === undefined ? [] : [details]));
  },
};
