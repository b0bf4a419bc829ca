import { checkFields, is } from "../checks/index.ts";
import { Condition } from "./condition.ts";
import { onAbort } from "./waiting.ts";

interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export interface BoundedQueueOptions {
  /** With how many values the queue counts as full; at least 1. */
  capacity: number;
  /** Called when the queue becomes full. */
  onFull?: () => void;
  /** Called when a queue that was full has drained to half of its capacity. */
  onDrained?: () => void;
}

const checks = { capacity: is.required(is.number({ min: 1, integer: true })) };

/**
 * An ordered queue between one pusher and one puller: first the values, then the reason that it was closed for.
 * `push` never loses a value: a pusher that cannot stop at once, such as a socket, may exceed the capacity.
 */
export class BoundedQueue<T> {
  readonly #options: BoundedQueueOptions;
  #values: Array<T | undefined> = [];
  #head = 0;
  #waiter: Waiter<T> | undefined;
  #closeReason: { error: unknown } | undefined;
  #full = false;
  readonly #room = new Condition();

  constructor(options: BoundedQueueOptions) {
    checkFields(options, checks);
    this.#options = options;
  }

  /** How many values are queued. */
  get size(): number {
    return this.#values.length - this.#head;
  }

  get isFull(): boolean {
    return this.size >= this.#options.capacity;
  }

  get closed(): boolean {
    return this.#closeReason !== undefined;
  }

  /** Appends a value. Returns false when the queue is closed: the value is dropped. */
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
    return this.#room.wait(() => !this.isFull || this.closed, signal);
  }

  /** Takes the next value, or returns undefined when there is none. */
  poll(): T | undefined {
    if (this.size === 0) return undefined;
    const value = this.#values[this.#head] as T;
    // So that the queue does not keep a value alive that was taken.
    this.#values[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    this.#madeRoom();
    return value;
  }

  /**
   * Takes the next value, as soon as there is one.
   * @throws The reason of `close` after the last value; the signal's reason, and no value is lost then.
   */
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

  /** Rejects the pull that waits, if there is one. No value is lost. */
  interrupt(reason: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(reason);
  }

  /** Ends the queue: `push` drops values from now on, and `pull` rejects with `reason` after the last value. */
  close(reason: unknown): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = { error: reason };
    this.interrupt(reason);
    this.#room.notify();
  }

  /** Drops the values that `keep` returns false for, by default all. Returns how many were dropped. */
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
    this.#room.notify();
  }
}
