import { type Clock, InactivityTimer, onAbort } from "../../async/index.ts";
import { TimeoutError } from "../../errors.ts";
import type { Inference } from "../../llm/index.ts";

/** How long a server may leave a turn without a sign of progress, in milliseconds. */
export interface ProgressLimits {
  firstEventMs: number;
  /** Between two events; undefined for as long as it takes. */
  idleMs: number | undefined;
  /** Until the first output, for the first attempt of a turn that may be asked again; undefined for none. */
  outputMs: number | undefined;
}

/** A signal that fires when a turn is interrupted or a server makes no progress. Dispose of it at the end. */
export class ProgressWatch implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #limits: ProgressLimits;
  readonly #turn: Inference;
  readonly #clock: Clock;
  readonly #removeListener: () => void;
  readonly #cancelFirstEventTimer: () => void;
  #cancelOutputTimer: (() => void) | undefined;
  #isFirst = true;
  #idle: InactivityTimer | undefined;

  constructor(limits: ProgressLimits, turn: Inference, clock: Clock) {
    this.#limits = limits;
    this.#turn = turn;
    this.#clock = clock;
    this.signal = this.#controller.signal;
    this.#removeListener = onAbort(turn.signal, (reason) => this.#controller.abort(reason));
    this.#cancelFirstEventTimer = this.#limit("first event", limits.firstEventMs);
    if (limits.outputMs !== undefined) this.#cancelOutputTimer = this.#limit("output", limits.outputMs);
  }

  /** Records that an event came and was delivered. */
  touch(): void {
    if (this.#cancelOutputTimer !== undefined && this.#turn.hasOutput) this.#stopOutputTimer();
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
