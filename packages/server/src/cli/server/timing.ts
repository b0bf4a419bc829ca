import type { Timing } from "../../responses/index.ts";

type Field = keyof Timing;

/** Roughly a small hosted model, a large one, and a large one on a bad day. */
export const timingPresets: Readonly<Record<string, Readonly<Timing>>> = {
  fast: { firstTokenMs: 200, perInputTokenMs: 0.02, perTokenMs: 8, jitter: 0.2 },
  typical: { firstTokenMs: 500, perInputTokenMs: 0.05, perTokenMs: 20, jitter: 0.3 },
  slow: { firstTokenMs: 2000, perInputTokenMs: 0.2, perTokenMs: 60, jitter: 0.5 },
};

const fields: readonly Field[] = ["firstTokenMs", "perInputTokenMs", "perTokenMs", "jitter", "seed"];

/** Reads `typical`, `firstTokenMs=300,perTokenMs=20` or both; later parts win. Undefined if it makes no sense. */
export function readTiming(text: string): Timing | undefined {
  let timing: Timing = {};
  for (const part of text.split(",")) {
    const [name = "", value, ...rest] = part.trim().split("=");
    const preset = Object.hasOwn(timingPresets, name) ? timingPresets[name] : undefined;
    if (value === undefined && preset !== undefined) timing = { ...timing, ...preset };
    else if (isField(name) && isAmount(value) && rest.length === 0) timing = { ...timing, [name]: Number(value) };
    else return undefined;
  }
  return timing;
}

function isField(name: string): name is Field {
  return (fields as readonly string[]).includes(name);
}

function isAmount(text: string | undefined): boolean {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim());
}
