/** `starting` and `stopping`: a voice, or silence, has been heard, but not for long enough yet. */
export type VoiceState = "quiet" | "starting" | "speaking" | "stopping";

/** Derives the start and the stop of a voice from windows with and without a voice. */
export class VoiceActivity {
  readonly #startWindows: number;
  readonly #stopWindows: number;
  #state: VoiceState = "quiet";
  #count = 0;

  /** How many windows in a row start and stop a voice; at least one. */
  constructor(options: { startWindows: number; stopWindows: number }) {
    this.#startWindows = options.startWindows;
    this.#stopWindows = options.stopWindows;
  }

  get state(): VoiceState {
    return this.#state;
  }

  /** For how many windows the voice has been starting or stopping. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next window. Returns whether the voice has started or stopped with it. */
  hear(hasVoice: boolean): "started" | "stopped" | undefined {
    const speaking = this.#state === "speaking" || this.#state === "stopping";
    if (hasVoice === speaking) {
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
