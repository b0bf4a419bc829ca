/** Time, as turnwire sees it. Everything that waits or measures takes one, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes backwards. */
  now(): number;
  /** Calls `callback` once after `delayMs`. The answer cancels it. A pending timer keeps the process alive. */
  schedule(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): () => void;
}

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

/** Where turnwire says what is not an error of the caller's: `console` fits. */
export interface Logger {
  debug(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

/** Says nothing at debug level and prints warnings to standard error. */
export const defaultLogger: Logger = {
  debug: () => undefined,
  warn: (message, details) => {
    console.warn(`turnwire: ${message}`, ...(details === undefined ? [] : [details]));
  },
};
