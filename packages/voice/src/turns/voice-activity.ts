/** `starting` and `stopping`: heard, or not heard, but not yet for long enough. */
export type VoiceState = "quiet" | "starting" | "speaking" | "stopping";

/** Makes a voice that starts and stops out of windows with a voice in them and windows without. */
export class VoiceActivity {
  readonly #startWindows: number;
  readonly #stopWindows: number;
  #state: VoiceState = "quiet";
  #count = 0;

  /** How many windows one after the other it takes; at least one. */
  constructor(options: { startWindows: number; stopWindows: number }) {
    this.#startWindows = options.startWindows;
    this.#stopWindows = options.stopWindows;
  }

  get state(): VoiceState {
    return this.#state;
  }

  /** For how many windows it has been starting or stopping. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next window; says when the voice has started or stopped with it. */
  hear(voiced: boolean): "started" | "stopped" | undefined {
    const speaking = this.#state === "speaking" || this.#state === "stopping";
    if (voiced === speaking) {
      this.#enter(speaking ? "speaking" : "quiet");
      return undefined;
    }
    this.#count += 1;
    this.#state = speaking ? "stopping" : "starting";
    if (this.#count < (speaking ? this.#stopWindows : this.#startWindows)) return undefined;
    this.#enter(speaking ? "quiet" : "speaking");
    return speaking ? "stopped" : "started";
  }

  reset(): void {
    this.#enter("quiet");
  }

  #enter(state: VoiceState): void {
    this.#state = state;
    this.#count = 0;
  }
}
