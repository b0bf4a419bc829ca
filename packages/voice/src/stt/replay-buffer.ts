interface Piece {
  /** Its position. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The audio that no final transcription covers yet, to be sent again on a new connection. When it is full, the oldest audio
 * is dropped. Positions are bytes since the start of all audio.
 */
export class ReplayBuffer {
  readonly #maxBytes: number;
  #pieces: Piece[] = [];
  #start = 0;
  #end = 0;
  #acknowledged = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The position at which the kept audio begins. */
  get start(): number {
    return this.#start;
  }

  /** The position at which all audio ends. */
  get end(): number {
    return this.#end;
  }

  /** The position up to which final transcriptions cover the audio. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The kept audio, oldest first. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
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

  /** Forgets the audio before the position: a final transcription covers it. */
  acknowledge(position: number): void {
    const until = Math.min(position, this.#end);
    this.#acknowledged = Math.max(this.#acknowledged, until);
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

  /** Returns how many bytes were dropped before they were acknowledged. They count as acknowledged from now on. */
  takeLost(): number {
    const lost = Math.max(0, this.#start - this.#acknowledged);
    this.#acknowledged += lost;
    return lost;
  }
}
