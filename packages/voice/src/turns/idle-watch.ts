import { Alarm, type Clock } from "turnwire/internal";

/** Reports when neither side has spoken for a while, again and again. */
export class IdleWatch {
  readonly #idleMs: number | undefined;
  readonly #alarm: Alarm;
  #count = 0;

  /**
   * @param idleMs After how many milliseconds of silence `onIdle` is called; undefined for never.
   * @param onIdle Gets how often it has been called since the user was last active.
   */
  constructor(clock: Clock, idleMs: number | undefined, onIdle: (count: number) => void) {
    this.#idleMs = idleMs;
    this.#alarm = new Alarm(clock, () => {
      this.#count += 1;
      this.#wait();
      onIdle(this.#count);
    });
  }

  /** Records activity, after which either side speaks or neither does. The wait starts again. */
  update(isSilent: boolean, byUser: boolean): void {
    if (byUser) this.#count = 0;
    if (isSilent) this.#wait();
    else this.stop();
  }

  /** Waits no longer, until the next `update`. */
  stop(): void {
    this.#alarm.clear();
  }

  #wait(): void {
    if (this.#idleMs !== undefined) this.#alarm.set(this.#idleMs);
  }
}
