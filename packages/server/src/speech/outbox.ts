import type { Clock } from "turnwire/internal";

export interface OutboxEntry {
  readonly send: () => void;
  readonly bytes: number;
  /** Called right before sending. If it holds or ends the outbox, nothing is sent. */
  readonly before?: () => void;
}

/** Sends entries in order, each at its time. It can be held. */
export class Outbox {
  readonly #clock: Clock;
  #entries: Array<OutboxEntry & { readonly dueMs: number }> = [];
  #lastDueMs = -Infinity;
  #state: "open" | "held" | "ended" = "open";
  #bytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sends the entry `delayMs` from now, but not before earlier entries. */
  put(entry: OutboxEntry, delayMs: number): void {
    if (this.#state === "ended") return;
    const dueMs = Math.max(this.#lastDueMs, this.#clock.now() + delayMs);
    this.#lastDueMs = dueMs;
    this.#bytes += entry.bytes;
    this.#entries.push({ ...entry, dueMs });
    if (this.#entries.length === 1) this.#pump();
  }

  /** Sends nothing until `release()`. */
  hold(): void {
    this.#stop("held");
  }

  release(): void {
    if (this.#state === "ended") return;
    this.#state = "open";
    this.#pump();
  }

  /** Drops the waiting entries, and takes no more. */
  end(): void {
    this.#stop("ended");
    this.#entries = [];
    this.#bytes = 0;
  }

  #stop(state: "held" | "ended"): void {
    if (this.#state !== "ended") this.#state = state;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  // A getter, since `before` may change the state.
  get #isOpen(): boolean {
    return this.#state === "open";
  }

  #pump(): void {
    while (this.#isOpen) {
      const [entry] = this.#entries;
      if (entry === undefined) return;
      const waitMs = entry.dueMs - this.#clock.now();
      if (waitMs > 0) {
        this.#cancelTimer ??= this.#clock.schedule(() => {
          this.#cancelTimer = undefined;
          this.#pump();
        }, waitMs);
        return;
      }
      entry.before?.();
      if (!this.#isOpen) return;
      this.#entries.shift();
      this.#bytes -= entry.bytes;
      entry.send();
    }
  }
}
