/** Measurements of one kind, in milliseconds. */
export class Samples {
  #values: Float64Array;
  #count = 0;

  constructor(expected: number) {
    this.#values = new Float64Array(Math.max(16, expected));
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  clear(): void {
    this.#count = 0;
  }

  summary(): Summary {
    const sorted = this.#values.slice(0, this.#count).toSorted();
    const at = (part: number): number => sorted[Math.min(this.#count - 1, Math.floor(part * this.#count))] ?? 0;
    return { count: this.#count, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}

export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Formats a summary as `p50 0.21   p90 0.44 …` in milliseconds. */
export function summaryLine(label: string, { p50, p90, p99, p999, max }: Summary): string {
  const cells = Object.entries({ p50, p90, p99, "p99.9": p999, max }).map(
    ([name, ms]) => `${name} ${ms.toFixed(ms < 10 ? 2 : 1).padStart(6)}`,
  );
  return `  ${label.padEnd(38)} ${cells.join("   ")}`;
}
