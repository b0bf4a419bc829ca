import { Random } from "../world/random.ts";
import type { Scenario } from "../scenario.ts";
import { drawFailure, drawRequestError, errorShapes, type ErrorShape, type ServerError } from "./errors.ts";

/** One item of the model's answer. */
export type Saying =
  | { kind: "text" | "refusal"; pieces: number }
  | { kind: "thought"; pieces: number; encrypted: boolean }
  | { kind: "call"; name: string; arguments: string; valid: boolean };

/** A fault. `at` is how far the response has come: from 0 (nothing sent) to 1 (after its last event). */
export type Fault =
  | { kind: "refused"; error: ServerError; shape: ErrorShape }
  | { kind: "failed"; at: number; form: "event" | "failed" | "both"; error: ServerError; shape: ErrorShape }
  /** Code 0 is a reset without a close frame. */
  | { kind: "closed"; at: number; code: number }
  | { kind: "half-open"; at: number };

/** How the server answers one request. */
export interface Reply {
  sayings: Saying[];
  incomplete: string | undefined;
  firstMs: number;
  gapMs: number;
  /** How many events the server sends together. */
  together: number;
  evicted: boolean;
  /** The events that the server leaves out, as some real servers do. The other events still carry the whole answer. */
  leftOut: "nothing" | "deltas" | "late deltas" | "item dones" | "final output" | "beginnings";
  /** Messages that a client must skip. */
  noise: "none" | "private" | "unknown" | "garbage" | "terminal twice" | "error null";
  fault: Fault | undefined;
  /** An event on the connection while the client is idle after this response. */
  idle: "nothing" | "limit" | "error" | "closed" | "half-open";
  idleMs: number;
}

const closeCodes = [0, 0, 1000, 1001, 1006, 1008, 1009, 1011, 1012, 1013];

/** Draws a reply. `afterTools`: the input ends with outputs of calls, so the model mostly answers with text now. */
export function drawReply(seed: number, scenario: Scenario, afterTools: boolean): Reply {
  const random = new Random(seed);
  const { server, weather } = scenario;
  const slow = random.chance(server.slowChance);
  const hasQuirk = (): boolean => random.chance(server.quirkChance);
  const sayings = drawSayings(random, scenario.reasons, random.chance(afterTools ? 0.15 : 0.3));
  return {
    sayings,
    incomplete: random.chance(0.04) ? random.pick(["max_output_tokens", "content_filter"]) : undefined,
    firstMs: slow ? random.int(2500) : random.int(30),
    gapMs: slow ? random.int(1200) : random.int(20),
    together: random.pick([1, 2, 4, 100]),
    evicted: random.chance(server.evictChance),
    leftOut: hasQuirk()
      ? random.pick(["deltas", "late deltas", "item dones", "final output", "beginnings"])
      : "nothing",
    noise: hasQuirk() ? random.pick(["private", "unknown", "garbage", "terminal twice", "error null"]) : "none",
    fault: random.chance(weather) ? drawFault(random) : undefined,
    idle: random.chance(scenario.badIdle) ? random.pick(["limit", "error", "closed", "half-open"]) : "nothing",
    idleMs: random.pick([0, 1, 30, 2000, 60_000]),
  };
}

function drawFault(random: Random): Fault {
  const shape = random.pick(errorShapes);
  const at = random.pick([0, random.next(), random.next(), 1]);
  switch (random.int(8)) {
    case 0:
    case 1:
    case 2:
      return { kind: "refused", error: drawRequestError(random), shape };
    case 3:
      return { kind: "failed", at, form: random.pick(["event", "failed", "both"]), error: drawFailure(random), shape };
    case 4:
      return { kind: "half-open", at };
    default:
      return { kind: "closed", at, code: random.pick(closeCodes) };
  }
}

function drawSayings(random: Random, mayReason: boolean, calls: boolean): Saying[] {
  const sayings: Saying[] = [];
  const thinks = (): void => {
    if (!mayReason || !random.chance(0.6)) return;
    sayings.push({ kind: "thought", pieces: random.int(3), encrypted: random.chance(0.85) });
  };
  thinks();
  if (!calls) {
    if (random.chance(0.02)) return sayings;
    const kind = random.chance(0.05) ? "refusal" : "text";
    sayings.push({ kind, pieces: random.between(1, 7) });
    if (random.chance(0.08)) sayings.push({ kind: "text", pieces: random.between(0, 3) });
    return sayings;
  }
  if (random.chance(0.3)) sayings.push({ kind: "text", pieces: random.between(1, 3) });
  for (let left = random.pick([1, 1, 2, 3]); left > 0; left -= 1) {
    sayings.push(drawCall(random));
    if (left > 1 && random.chance(0.2)) thinks();
  }
  if (random.chance(0.1)) sayings.push({ kind: "text", pieces: 1 });
  return sayings;
}

function drawCall(random: Random): Saying {
  const name = random.pick(["count", "count", "slow", "slow", "fails", "keep"]);
  const n = random.pick([0, 5, 40, 700, 20_000]);
  const [text, valid] = random.weighted<[string, boolean]>([
    [6, [`{"n":${n}}`, true]],
    [1, [`{ "n": ${n}, "more": "ü😀" }`, true]],
    [1, [`{"n":${n}`, false]],
    [1, [`{"n":"${n}"}`, false]],
    [0.5, ["[1]", false]],
    [0.5, ["", false]],
  ]);
  if (random.chance(0.05)) return { kind: "call", name: "nobody_has_this", arguments: text, valid: false };
  return { kind: "call", name, arguments: text, valid };
}
