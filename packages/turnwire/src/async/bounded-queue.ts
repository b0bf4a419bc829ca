import { onAbort } from "./waiting.ts";

interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export interface BoundedQueueOptions {
  /** How many values are held before the queue counts as full; at least 1. */
  capacity: number;
  /** Called when the queue becomes full. */
  onFull?: () => void;
  /** Called when a queue that was full has drained to half of its capacity. */
  onDrained?: () => void;
}

/**
 * An ordered queue between one pusher and one puller: values, then the error or the end it was closed with.
 * `push` never loses a value: a pusher that cannot stop at once (a socket) may overshoot the capacity.
 */
export class BoundedQueue<T> {
  readonly #options: BoundedQueueOptions;
  #values: Array<T | undefined> = [];
  #head = 0;
  #waiter: Waiter<T> | undefined;
  #closeReason: { error: unknown } | undefined;
  #full = false;
  #spaceWaiters: Array<() => void> = [];

  constructor(options: BoundedQueueOptions) {
    this.#options = options;
  }

  /** How many values wait to be pulled. */
  get size(): number {
    return this.#values.length - this.#head;
  }

  get isFull(): boolean {
    return this.size >= this.#options.capacity;
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** Appends a value; a closed queue drops it and answers false. */
  push(value: T): boolean {
    if (this.#closeReason !== undefined) return false;
    if (this.#waiter !== undefined) {
      const waiter = this.#waiter;
      this.#waiter = undefined;
      waiter.resolve(value);
      return true;
    }
    this.#values.push(value);
    if (!this.#full && this.isFull) {
      this.#full = true;
      this.#options.onFull?.();
    }
    return true;
  }

  /** Resolves once there is room again or the queue is closed; rejects with the signal's reason. */
  space(signal?: AbortSignal): Promise<void> {
    if (!this.isFull || this.closed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        removeListener();
        resolve();
      };
      this.#spaceWaiters.push(wake);
      const removeListener = onAbort(signal, (reason) => {
        this.#spaceWaiters = this.#spaceWaiters.filter((waiting) => waiting !== wake);
        reject(reason);
      });
    });
  }

  /** The next value at once, or undefined when there is none. */
  poll(): T | undefined {
    if (this.size === 0) return undefined;
    const value = this.#values[this.#head] as T;
    // What has been taken is not to be kept alive by the place it had.
    this.#values[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    this.#madeRoom();
    return value;
  }

  /** The next value; rejects with the close reason after the last one, or with the signal's reason (nothing is lost then). */
  pull(signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.size > 0) return Promise.resolve(this.poll() as T);
    if (this.#closeReason !== undefined) return Promise.reject(this.#closeReason.error);
    if (this.#waiter !== undefined) throw new Error("a BoundedQueue has one puller at a time");
    return new Promise<T>((resolve, reject) => {
      if (signal === undefined) {
        this.#waiter = { resolve, reject };
        return;
      }
      const removeListener = onAbort(signal, (reason) => {
        this.#waiter = undefined;
        reject(reason);
      });
      this.#waiter = {
        resolve: (value) => {
          removeListener();
          resolve(value);
        },
        reject: (reason) => {
          removeListener();
          reject(reason);
        },
      };
    });
  }

  /** Rejects the pull that waits, if there is one; nothing is lost. */
  interrupt(reason: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(reason);
  }

  /** Takes no more values. What is queued can still be pulled; after it, pulls reject with `reason`. */
  close(reason: unknown): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = { error: reason };
    this.interrupt(reason);
    this.#wakeAll();
  }

  /** Throws away what `keep` does not want, and answers how many that were. */
  purge(keep: (value: T) => boolean = () => false): number {
    const before = this.size;
    this.#values = (this.#values.slice(this.#head) as T[]).filter(keep);
    this.#head = 0;
    this.#madeRoom();
    return before - this.size;
  }

  #madeRoom(): void {
    if (this.#full && this.size * 2 <= this.#options.capacity) {
      this.#full = false;
      this.#options.onDrained?.();
    }
    if (this.#spaceWaiters.length > 0 && !this.isFull) this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#spaceWaiters;
    this.#spaceWaiters = [];
    for (const wake of waiting) wake();
  }
}
