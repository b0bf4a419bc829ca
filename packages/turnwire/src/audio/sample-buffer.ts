const nothing = new Uint8Array(0);

/** Passes on whole units of bytes, such as samples, and holds a partial one back until the rest of it arrives. */
export class SampleBuffer {
  readonly #unitBytes: number;
  #partial: Uint8Array = nothing;

  constructor(unitBytes: number) {
    this.#unitBytes = unitBytes;
  }

  /** Returns the whole units, from what was held back on. They may share memory with `bytes`. */
  push(bytes: Uint8Array): Uint8Array {
    let all = bytes;
    if (this.#partial.length > 0) {
      all = new Uint8Array(this.#partial.length + bytes.length);
      all.set(this.#partial);
      all.set(bytes, this.#partial.length);
    }
    const whole = all.length - (all.length % this.#unitBytes);
    // A copy: the caller may use the memory of `bytes` again.
    this.#partial = all.slice(whole);
    return all.subarray(0, whole);
  }

  /** Returns the partial unit that is held back, and starts again without it. */
  flush(): Uint8Array {
    const partial = this.#partial;
    this.#partial = nothing;
    return partial;
  }
}
