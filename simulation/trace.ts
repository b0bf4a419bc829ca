/** What happened, line by line, for people. */
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

/** A message of the wire in one line, without what is the same in all of them. */
export function brief(data: string): string {
  return data
    .replaceAll(
      /"(instructions|model|tools|store|reasoning|include)":("[^"]*"|\[[^[\]]*(\[[^[\]]*\][^[\]]*)*\]|\{[^{}]*\}|true|false),?/g,
      "",
    )
    .slice(0, 400);
}
