interface Piece {
  /** Its position. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The audio that no final transcription covers yet, to be sent again on a new connection. Positions are
 * bytes since the start of all audio.
 */
export class ReplayBuffer {
  #pieces: Piece[] = [];
  #end = 0;
  #acknowledged = 0;

  /** The position at which the kept audio begins. */
  get start(): number {
    return this.#pieces[0]?.at ?? this.#end;
  }

  /** The position at which all audio ends. */
  get end(): number {
    return this.#end;
  }

  /** The position up to which final transcriptions cover the audio. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether the words at a position have come already: its audio was sent again on a new connection. */
  isRepeated(position: number): boolean {
    return position < this.#acknowledged;
  }

  /** The kept audio, oldest first. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Adds audio, and drops the oldest beyond `maxBytes`. */
  push(bytes: Uint8Array, maxBytes: number): void {
    if (bytes.length === 0) return;
    this.#pieces.push({ at: this.#end, bytes });
    this.#end += bytes.length;
    while (this.#end - this.start > maxBytes && this.#pieces.length > 1) this.#pieces.shift();
  }

  /** Forgets the audio before the position: a final transcription covers it. */
  acknowledge(position: number): void {
    const until = Math.min(position, this.#end);
    this.#acknowledged = Math.max(this.#acknowledged, until);
    this.#pieces = this.#pieces.filter(({ at, bytes }) => at + bytes.length > until);
    const [first] = this.#pieces;
    if (first === undefined || first.at >= until) return;
    this.#pieces[0] = { at: until, bytes: first.bytes.subarray(until - first.at) };
  }

  /** Returns how many bytes were dropped before they were acknowledged. They count as acknowledged from now on. */
  takeLost(): number {
    const lost = Math.max(0, this.start - this.#acknowledged);
    this.#acknowledged += lost;
    return lost;
  }
}
