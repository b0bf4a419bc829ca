import { type Clock, delay, type Random } from "turnwire/internal";
import type { BrainOutput } from "../brain.ts";
import type { TokenCounter } from "./tokens.ts";

/** How long a model takes, in milliseconds. If all are 0, as long as its brain takes. */
export interface Timing {
  /** Until the first output, whatever the prompt. Default: 0. */
  firstTokenMs?: number;
  /** For each token of the prompt that is not cached, before the first output. Default: 0. */
  perInputTokenMs?: number;
  /** For each token of output. Default: 0. */
  perTokenMs?: number;
  /** How far each of these times may be off, as a part of it: 0.2 is up to a fifth more or less. Default: 0. */
  jitter?: number;
  /** Makes the jitter the same at every start. Default: 1. */
  seed?: number;
}

export interface Pace {
  /** Waits before the first output. */
  first(uncachedTokens: number, signal: AbortSignal): Promise<void>;
  /** Waits before a piece of output. */
  piece(output: BrainOutput, signal: AbortSignal): Promise<void>;
}

/** The waits of a model with this timing; undefined if there are none. */
export function paceOf(timing: Timing | undefined, clock: Clock, tokens: TokenCounter): Pace | undefined {
  const { firstTokenMs = 0, perInputTokenMs = 0, perTokenMs = 0, jitter = 0, seed = 1 } = timing ?? {};
  if (firstTokenMs + perInputTokenMs + perTokenMs === 0) return undefined;
  const random = seeded(seed);
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    const off = ms * (1 + jitter * (random() * 2 - 1));
    if (off > 0) await delay(off, { signal, clock });
  };
  return {
    first: (uncached, signal) => wait(firstTokenMs + perInputTokenMs * uncached, signal),
    piece: (output, signal) => wait(perTokenMs * sizeOf(output, tokens), signal),
  };
}

function sizeOf(output: BrainOutput, tokens: TokenCounter): number {
  if (output.type === "text" || output.type === "refusal") return tokens.count(output.delta);
  if (output.type === "function_call") return tokens.count(output.arguments) + tokens.count(output.name);
  return output.type === "reasoning" ? tokens.count(output.summary ?? "") : 0;
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
