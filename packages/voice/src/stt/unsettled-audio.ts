interface Piece {
  /** Where it begins. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The audio that no final transcription covers yet: what has to be sent again on a new connection. Bounded: the oldest
 * goes first. Positions are bytes since the beginning of all audio.
 */
export class UnsettledAudio {
  readonly #maxBytes: number;
  #pieces: Piece[] = [];
  #start = 0;
  #end = 0;
  #settled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Where the audio that is kept begins. */
  get start(): number {
    return this.#start;
  }

  /** Where the audio ends. */
  get end(): number {
    return this.#end;
  }

  /** Up to where final transcriptions cover it. */
  get settled(): number {
    return this.#settled;
  }

  /** The bytes that were dropped without having been covered. From now on they count as covered. */
  takeLost(): number {
    const lost = Math.max(0, this.#start - this.#settled);
    this.#settled += lost;
    return lost;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push({ at: this.#end, bytes });
    this.#end += bytes.length;
    while (this.#end - this.#start > this.#maxBytes && this.#pieces.length > 1) {
      this.#pieces.shift();
      this.#start = this.#pieces[0]?.at ?? this.#end;
    }
  }

  /** Everything before the position is covered: it is not kept any longer. */
  settle(position: number): void {
    const until = Math.min(position, this.#end);
    this.#settled = Math.max(this.#settled, until);
    if (until <= this.#start) return;
    this.#start = until;
    const first = this.#pieces.findIndex(({ at, bytes }) => at + bytes.length > until);
    if (first === -1) {
      this.#pieces = [];
      return;
    }
    this.#pieces.splice(0, first);
    const { at, bytes } = this.#pieces[0] as Piece;
    if (at < until) this.#pieces[0] = { at: until, bytes: bytes.subarray(until - at) };
  }

  /** What is kept, oldest first. */
  pieces(): readonly Piece[] {
    return this.#pieces;
  }
}
