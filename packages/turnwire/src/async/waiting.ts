import { TimeoutError } from "../errors.ts";
import { type Clock, systemClock } from "./ports.ts";

/** Throws the signal's reason if it has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** Calls `callback` when the signal fires; at once if it has fired already. The function returned removes the listener. */
export function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback(signal.reason);
    return () => undefined;
  }
  const listener = (): void => callback(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function delay(ms: number, options: { signal?: AbortSignal | undefined; clock?: Clock } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancelTimer: () => void = () => undefined;
    const removeListener = onAbort(options.signal, (reason) => {
      cancelTimer();
      reject(reason);
    });
    if (options.signal?.aborted) return;
    cancelTimer = (options.clock ?? systemClock).schedule(() => {
      removeListener();
      resolve();
    }, ms);
  });
}

/** A signal that fires when any of several does. Dispose of it, so that a long-lived one among them does not keep it alive. */
export class LinkedSignal implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #removeListeners: ReadonlyArray<() => void>;

  constructor(...signals: ReadonlyArray<AbortSignal | undefined>) {
    this.signal = this.#controller.signal;
    this.#removeListeners = signals.map((signal) => onAbort(signal, (reason) => this.#controller.abort(reason)));
  }

  [Symbol.dispose](): void {
    for (const remove of this.#removeListeners) remove();
  }
}

/** Settles as the promise does, or rejects with the signal's reason if that fires first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const removeListener = onAbort(signal, reject);
    promise.then(resolve, reject).finally(removeListener);
  });
}

/**
 * A signal that fires with a `TimeoutError` after `limitMs`, or with the parent's reason if that fires first. Dispose of it
 * when the wait is over: `using limit = new Deadline("connect", 10_000)`.
 */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #what: string;
  readonly #limitMs: number;
  readonly #controller = new AbortController();
  readonly #cancelTimer: () => void;
  readonly #removeListener: () => void;

  constructor(what: string, limitMs: number, options: { signal?: AbortSignal | undefined; clock?: Clock } = {}) {
    this.#what = what;
    this.#limitMs = limitMs;
    this.signal = this.#controller.signal;
    this.#removeListener = onAbort(options.signal, (reason) => this.#controller.abort(reason));
    this.#cancelTimer = (options.clock ?? systemClock).schedule(() => this.#expire(), limitMs);
  }

  /** Whether it fired because of the time limit, not because of the parent. */
  get expired(): boolean {
    return this.signal.aborted && this.signal.reason instanceof TimeoutError && this.signal.reason.what === this.#what;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
    this.#removeListener();
  }

  #expire(): void {
    this.#controller.abort(new TimeoutError(this.#what, this.#limitMs));
  }
}
