import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";

export interface Goal {
  what: string;
  value: number;
  /** The most the value may be. */
  limit: number;
  unit: string;
  met: boolean;
}

export interface Results {
  figures: Record<string, unknown>;
  goals: Goal[];
}

/** What was measured, on stdout as aligned tables and, if wanted, as JSON. */
export class Report {
  readonly figures: Record<string, unknown> = {};
  readonly goals: Goal[] = [];

  title(text: string): void {
    console.log(`\n${text}`);
  }

  note(text: string): void {
    console.log(`  ${text}`);
  }

  /** The first column is text, the others are numbers. */
  table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
    const all = [head, ...rows];
    const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
    for (const row of all) {
      const cells = row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)));
      console.log(`  ${cells.join("  ").trimEnd()}`);
    }
  }

  /** Keeps figures for the JSON file. */
  keep(name: string, figures: unknown): void {
    this.figures[name] = figures;
  }

  /** Says whether a stated goal is met: `value` is to be `limit` at most. */
  goal(what: string, value: number, limit: number, unit: string): void {
    this.goals.push({ what, value, limit, unit, met: value <= limit });
    this.#say(value <= limit ? "met   " : "MISSED", what, value, limit, unit, "goal");
  }

  /** Says whether something is as wanted that no issue states as a goal. */
  wish(what: string, value: number, limit: number, unit: string): void {
    this.#say(value <= limit ? "so    " : "not so", what, value, limit, unit, "wanted");
  }

  #say(verdict: string, what: string, value: number, limit: number, unit: string, kind: string): void {
    const digits = unit === "" ? 0 : unit === "×" ? 3 : 1;
    const figure = (number: number): string => `${number.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
    console.log(`  ${verdict}  ${what}: ${figure(value)}, ${kind} at most ${figure(limit)}`);
  }

  get results(): Results {
    return { figures: this.figures, goals: this.goals };
  }

  /** Takes over what another process has measured and said. */
  add({ figures, goals }: Results): void {
    Object.assign(this.figures, figures);
    this.goals.push(...goals);
  }

  get missed(): readonly Goal[] {
    return this.goals.filter(({ met }) => !met);
  }

  summary(): void {
    console.log(`\n${this.goals.length - this.missed.length} of ${this.goals.length} goals met`);
    for (const { what } of this.missed) console.log(`  missed: ${what}`);
  }

  async write(file: string, run: Record<string, unknown>): Promise<void> {
    const machine = { node: process.version, cores: availableParallelism(), load: loadavg() };
    const all = { at: new Date().toISOString(), machine, run, goals: this.goals, figures: this.figures };
    await writeFile(file, `${JSON.stringify(all, undefined, 2)}\n`);
  }
}

export function ms(value: number, digits = 1): string {
  return `${value.toFixed(digits)} ms`;
}

export function times(ratio: number): string {
  return `${ratio.toFixed(3)} ×`;
}
