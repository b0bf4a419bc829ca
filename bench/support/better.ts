import { nameOf } from "./lab.ts";
import type { PeerId } from "./peers.ts";
import type { Report } from "./report.ts";

/** Two values count as equal unless they differ by more than this share. */
const noise = 0.03;

/** Notes which clients do better than turnwire's WebSocket service by a measure of which less is better. */
export function noteBetter(
  report: Report,
  what: string,
  values: ReadonlyMap<PeerId, number>,
  show: (value: number) => string,
): void {
  const ours = values.get("turnwire-ws");
  if (ours === undefined) return;
  const better = [...values]
    .filter(([, value]) => value < ours - noise * Math.abs(ours))
    .toSorted(([, a], [, b]) => a - b)
    .map(([id, value]) => `${nameOf(id)} (${show(value)})`);
  report.note(
    `${what}, better than turnwire WebSocket (${show(ours)}): ${better.length === 0 ? "none" : better.join(", ")}`,
  );
}
