import { type Clock, onAbort } from "../async/index.ts";
import { TimeoutError } from "../errors.ts";
import type { Turn } from "../llm/index.ts";

/** How long a server may leave a turn without a sign of progress, in milliseconds. */
export interface ProgressLimits {
  firstEventTimeoutMs: number;
  /** Between two events; undefined for as long as it takes. */
  idleEventTimeoutMs: number | undefined;
  /** Until the first output, for the first attempt of a turn that may be asked again; undefined for none. */
  outputTimeoutMs: number | undefined;
}

/** A signal that fires when a turn is interrupted or a server makes no progress. Dispose of it at the end. */
export class ProgressWatch implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #limits: ProgressLimits;
  readonly #turn: Turn;
  readonly #clock: Clock;
  readonly #removeListener: () => void;
  #cancelTimer: () => void;
  #cancelOutputTimer: (() => void) | undefined;
  #sawEvent = false;
  #lastEventMs = 0;

  constructor(limits: ProgressLimits, turn: Turn, clock: Clock) {
    this.#limits = limits;
    this.#turn = turn;
    this.#clock = clock;
    this.signal = this.#controller.signal;
    this.#removeListener = onAbort(turn.signal, (reason) => this.#controller.abort(reason));
    this.#cancelTimer = this.#limit("first event", limits.firstEventTimeoutMs);
    if (limits.outputTimeoutMs !== undefined) this.#cancelOutputTimer = this.#limit("output", limits.outputTimeoutMs);
  }

  /** An event has come and has been delivered. */
  sawEvent(): void {
    const { idleEventTimeoutMs } = this.#limits;
    if (idleEventTimeoutMs !== undefined) this.#lastEventMs = this.#clock.now();
    if (this.#cancelOutputTimer !== undefined && this.#turn.hasOutput) this.#stopOutputTimer();
    if (this.#sawEvent) return;
    this.#sawEvent = true;
    this.#cancelTimer();
    if (idleEventTimeoutMs !== undefined) this.#watchIdle(idleEventTimeoutMs, idleEventTimeoutMs);
  }

  [Symbol.dispose](): void {
    this.#removeListener();
    this.#cancelTimer();
    this.#stopOutputTimer();
  }

  #stopOutputTimer(): void {
    this.#cancelOutputTimer?.();
    this.#cancelOutputTimer = undefined;
  }

  #limit(what: string, limitMs: number): () => void {
    return this.#clock.schedule(() => this.#controller.abort(new TimeoutError(what, limitMs)), limitMs);
  }

  // One timer is re-armed when it fires, not at every event: events come by the thousand.
  #watchIdle(limitMs: number, inMs: number): void {
    this.#cancelTimer = this.#clock.schedule(() => {
      const silentMs = this.#clock.now() - this.#lastEventMs;
      if (silentMs >= limitMs) this.#controller.abort(new TimeoutError("next event", limitMs));
      else this.#watchIdle(limitMs, limitMs - silentMs);
    }, inMs);
  }
}
