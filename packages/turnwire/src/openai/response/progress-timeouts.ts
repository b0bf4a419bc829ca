import { type Clock, InactivityTimer, onAbort } from "../../async/index.ts";
import { TimeoutError } from "../../errors.ts";
import type { Inference } from "../../llm/index.ts";

/** How long a server may make no progress in an attempt, in milliseconds. */
export interface ProgressLimits {
  /** Until the first event. */
  firstEventMs: number;
  /** Between two events; undefined for no limit. */
  idleMs: number | undefined;
  /** Until the first output; undefined for no limit. */
  outputMs: number | undefined;
}

/** A signal that fires when the turn is interrupted or the server makes no progress. Dispose of it at the end. */
export class ProgressWatch implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #limits: ProgressLimits;
  readonly #inference: Inference;
  readonly #clock: Clock;
  readonly #removeListener: () => void;
  readonly #cancelFirstEventTimer: () => void;
  #cancelOutputTimer: (() => void) | undefined;
  #isFirst = true;
  #idle: InactivityTimer | undefined;

  constructor(limits: ProgressLimits, inference: Inference, clock: Clock) {
    this.#limits = limits;
    this.#inference = inference;
    this.#clock = clock;
    this.signal = this.#controller.signal;
    this.#removeListener = onAbort(inference.signal, (reason) => this.#controller.abort(reason));
    this.#cancelFirstEventTimer = this.#limit("first event", limits.firstEventMs);
    if (limits.outputMs !== undefined) this.#cancelOutputTimer = this.#limit("output", limits.outputMs);
  }

  /** Records that an event came and was delivered. */
  touch(): void {
    if (this.#cancelOutputTimer !== undefined && this.#inference.hasOutput) this.#stopOutputTimer();
    if (this.#isFirst) this.#onFirstEvent();
    else this.#idle?.touch();
  }

  [Symbol.dispose](): void {
    this.#removeListener();
    this.#cancelFirstEventTimer();
    this.#idle?.stop();
    this.#stopOutputTimer();
  }

  #stopOutputTimer(): void {
    this.#cancelOutputTimer?.();
    this.#cancelOutputTimer = undefined;
  }

  #limit(what: string, limitMs: number): () => void {
    return this.#clock.schedule(() => this.#controller.abort(new TimeoutError(what, limitMs)), limitMs);
  }

  #onFirstEvent(): void {
    this.#isFirst = false;
    this.#cancelFirstEventTimer();
    const { idleMs: limitMs } = this.#limits;
    if (limitMs === undefined) return;
    const expire = (): void => this.#controller.abort(new TimeoutError("next event", limitMs));
    this.#idle = new InactivityTimer(this.#clock, limitMs, expire, { keepAlive: true });
  }
}
