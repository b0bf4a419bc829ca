import { median, quantile } from "./statistics.ts";

/** The direction of a goal: `value` must be at most `limit`, or at least. */
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

/** A titled part of the report, with its contents in the order of printing. */
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

/** Collects measurements: prints them as aligned tables and keeps them for the JSON file and the document. */
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

  /** The first column is text; the others are numbers. */
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

  /** Reports a stated goal: `value` must be at most `limit`. */
  goal(what: string, value: number, limit: number, unit: string): void {
    this.#goal({ what, value, limit, least: false, unit, met: value <= limit });
  }

  /** Reports a stated goal: `value` must be at least `limit`. */
  goalAtLeast(what: string, value: number, limit: number, unit: string): void {
    this.#goal({ what, value, limit, least: true, unit, met: value >= limit });
  }

  /** Reports a value that should be at most `limit` although no issue states it as a goal. */
  wish(what: string, value: number, limit: number, unit: string): void {
    const verdict = value <= limit ? "met" : "not met";
    this.note(`${what}: ${figure(value, unit)}, wanted at most ${figure(limit, unit)}: ${verdict}`);
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
 * Whether the goal depends neither on the machine's speed nor on another client: it is a ratio or a count, not a time, and
 * compares with the floor or the ideal, not with a client that must be slower.
 */
export function isOurs({ unit, least }: Goal): boolean {
  return !least && (unit === "" || unit === "×" || unit === "%");
}

/** For example `1.02 ×, goal at most 1.1 ×`. */
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

/** Formats the median of milliseconds, with the p90. */
export function spread(values: readonly number[]): string {
  return `${ms(median(values))} (p90 ${ms(quantile(values, 0.9))})`;
}

export function times(ratio: number, digits = 3): string {
  return `${ratio.toFixed(digits)} ×`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** Formats a whole number with thousands separators. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}
