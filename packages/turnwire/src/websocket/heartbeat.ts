import { Alarm, type Clock, InactivityTimer } from "../async/index.ts";
import { checkOptions, type Checks, is } from "../checks/index.ts";

export interface HeartbeatOptions {
  /** After how long without a message or a pong a ping is sent, in milliseconds. */
  intervalMs: number;
  /** How long the other end has to answer a ping, in milliseconds. */
  timeoutMs: number;
}

export const heartbeatChecks = {
  intervalMs: is.required(is.timeLimit),
  timeoutMs: is.required(is.timeLimit),
} satisfies Checks<HeartbeatOptions>;

/** Finds half-open connections: those whose other end has gone without a close frame. */
export class Heartbeat {
  readonly #silence: InactivityTimer;
  readonly #deadline: Alarm;
  /** Whether a message that came together with the next ones has been recorded. */
  #isTouched = false;
  readonly #forgetTouch = (): void => void (this.#isTouched = false);

  constructor(options: HeartbeatOptions, clock: Clock, ping: () => void, onDead: () => void) {
    checkOptions("Heartbeat", options, heartbeatChecks);
    this.#deadline = new Alarm(clock, onDead);
    this.#silence = new InactivityTimer(clock, options.intervalMs, () => {
      this.#deadline.set(options.timeoutMs);
      ping();
    });
  }

  /** Records a sign of life: a message or a pong. */
  touch(): void {
    // Messages that came together count as one: the clock is not read for each.
    if (this.#isTouched) return;
    this.#isTouched = true;
    void Promise.resolve().then(this.#forgetTouch);
    this.#deadline.clear();
    this.#silence.touch();
  }

  /** Ends it for good. */
  stop(): void {
    this.#deadline.clear();
    this.#silence.stop();
  }
}
