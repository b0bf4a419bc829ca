import type { Exchange } from "./exchange.ts";

/**
 * Whether the socket of these exchanges may be paused: a slow reader has all events that it can keep, and nothing else on
 * the connection would have to wait for it.
 */
export function mayPause(exchanges: readonly Exchange[]): boolean {
  const read = exchanges.filter(({ reader }) => reader !== "nobody");
  return read.length === 1 && read[0]!.isFull;
}
