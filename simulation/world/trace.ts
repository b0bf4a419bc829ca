/** A readable log of what happens in a run. */
export class Trace {
  readonly lines: string[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(who: string, what: string): void {
    this.lines.push(`${this.#now().toFixed(0).padStart(9)} ms  ${who.padEnd(8)} ${what}`);
  }
}

/** Shortens a wire message to one line, without the parts that all messages share. */
export function brief(data: string): string {
  return data
    .replaceAll(
      /"(instructions|model|tools|store|reasoning|include)":("[^"]*"|\[[^[\]]*(\[[^[\]]*\][^[\]]*)*\]|\{[^{}]*\}|true|false),?/g,
      "",
    )
    .slice(0, 400);
}
