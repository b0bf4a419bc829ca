import { median, quantile } from "./statistics.ts";

/** How far a goal goes: the value is to be `limit` at most, or at least. */
export interface Goal {
  what: string;
  value: number;
  limit: number;
  least: boolean;
  unit: string;
  met: boolean;
}

export interface Table {
  head: readonly string[];
  rows: ReadonlyArray<readonly string[]>;
}

/** A part of what was measured, for the reader: in the order in which it was said. */
export interface Section {
  title: string;
  parts: Array<{ note: string } | { table: Table } | { goal: Goal }>;
}

export interface Results {
  /** Whether it was measured with few repetitions. */
  quick?: boolean;
  figures: Record<string, unknown>;
  sections: Section[];
}

/** What was measured, on stdout as aligned tables, and kept for the JSON file and the document. */
export class Report {
  readonly figures: Record<string, unknown> = {};
  readonly sections: Section[] = [];

  title(text: string): void {
    console.log(`\n${text}`);
    this.sections.push({ title: text, parts: [] });
  }

  note(text: string): void {
    console.log(`  ${text}`);
    this.sections.at(-1)!.parts.push({ note: text });
  }

  /** The first column is text, the others are numbers. */
  table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
    const all = [head, ...rows];
    const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
    for (const row of all) {
      const cells = row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)));
      console.log(`  ${cells.join("  ").trimEnd()}`);
    }
    this.sections.at(-1)!.parts.push({ table: { head, rows } });
  }

  /** Keeps figures for the JSON file. */
  keep(name: string, figures: unknown): void {
    this.figures[name] = figures;
  }

  /** Says whether a stated goal is met: `value` is to be `limit` at most. */
  goal(what: string, value: number, limit: number, unit: string): void {
    this.#goal({ what, value, limit, least: false, unit, met: value <= limit });
  }

  /** The same for a value that is to be `limit` at least. */
  goalAtLeast(what: string, value: number, limit: number, unit: string): void {
    this.#goal({ what, value, limit, least: true, unit, met: value >= limit });
  }

  /** Says whether something is as wanted that no issue states as a goal. */
  wish(what: string, value: number, limit: number, unit: string): void {
    const verdict = value <= limit ? "so" : "not so";
    this.note(`${verdict}: ${what} ${figure(value, unit)}, wanted at most ${figure(limit, unit)}`);
  }

  #goal(goal: Goal): void {
    console.log(`  ${goal.met ? "met   " : "MISSED"}  ${goal.what}: ${goalText(goal)}`);
    this.sections.at(-1)!.parts.push({ goal });
  }

  get results(): Results {
    return { figures: this.figures, sections: this.sections };
  }
}

export function goalsOf(sections: readonly Section[]): Goal[] {
  return sections.flatMap(({ parts }) => parts.flatMap((part) => ("goal" in part ? [part.goal] : [])));
}

/**
 * Whether neither a busy machine nor another client changes what the goal is about: a ratio or a count, and no time; and
 * against the floor or the ideal, where less is better, not against who is to be slower.
 */
export function isOurs({ unit, least }: Goal): boolean {
  return !least && (unit === "" || unit === "×" || unit === "%");
}

/** `1.02 ×, goal at most 1.1 ×` */
export function goalText({ value, limit, least, unit }: Goal): string {
  return `${figure(value, unit)}, goal at ${least ? "least" : "most"} ${figure(limit, unit)}`;
}

function figure(number: number, unit: string): string {
  const digits = unit === "" ? 0 : unit === "×" ? 3 : 1;
  return `${number.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}

export function ms(value: number, digits = 1): string {
  return `${value.toFixed(digits)} ms`;
}

/** The median of milliseconds, with how far most of them go. */
export function spread(values: readonly number[]): string {
  return `${ms(median(values))} (p90 ${ms(quantile(values, 0.9))})`;
}

export function times(ratio: number, digits = 3): string {
  return `${ratio.toFixed(digits)} ×`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
