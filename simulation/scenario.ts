import type { OpenAIResponsesLLMServiceOptions } from "turnwire";
import { mix, Random } from "./world/random.ts";

/** When and how the application interrupts a reply. */
export type Cut =
  | { at: "before"; how: "abort" }
  | { at: "start"; how: "abort" | "stop" }
  | { at: "time"; ms: number; how: "abort" | "stop" }
  | { at: "sent"; ms: number; how: "abort" | "stop" }
  /** At the event with that number within the turn: before the client reads it, or right after. */
  | { at: "event"; count: number; after: boolean; how: "abort" }
  | { at: "frame"; count: number; how: "abort" | "leave" }
  | { at: "tool"; ms: number; how: "abort" | "stop" };

interface StepBase {
  /** The step's number in the scenario as generated. Shrinking removes steps without renumbering the others. */
  index: number;
  /** The seed for what the model says and for the faults of this step. */
  seed: number;
  conversation: number;
  pauseMs: number;
}

export type Step = StepBase &
  (
    | { kind: "say"; cut: Cut | undefined; slowConsumerMs: number; appends: boolean }
    /** A voice application's edit: the reply was complete, but the user heard only its beginning. */
    | { kind: "cut reply"; keep: number }
    | { kind: "edit"; fromEnd: number }
    | { kind: "truncate"; keep: number; from: "start" | "end" }
    | { kind: "note" }
    | { kind: "clone" }
    | { kind: "settings" }
    | { kind: "stop" }
    | { kind: "one-shot"; cutMs: number | undefined }
    | { kind: "steer"; afterMs: number; cut: Cut | undefined }
  );

export type StepKind = Step["kind"];

/** The abilities of a server. */
export interface ServerProfile {
  lanes: "known" | "ignored" | "refused";
  cancel: "honoured" | "refused before" | "refused among" | "refused after" | "ignored";
  /** The status that an honoured cancel gives the response. */
  cancelledAs: "incomplete" | "cancelled" | "completed";
  /** How clearly a refusal says that it is about the cancel. */
  refusal: "clear" | "field" | "response" | "code" | "vague" | "empty";
  warmUp: "known" | "refused" | "ignored";
  steer: "known" | "refused" | "unknown event" | "ignored";
  /** When the server drops the previous response of a lane from its cache. */
  drops: "at completion" | "at start";
  evictChance: number;
  maxAgeMs: number;
  /** The chance of behaviour that must not matter: events left out, private events, garbage, repeated terminal events. */
  quirkChance: number;
  slowChance: number;
}

export interface NetworkProfile {
  oneWayMs: number;
  jitterMs: number;
  /** Whether the client reads everything that has arrived at once, as from one TCP segment. */
  bursts: boolean;
}

export type Topology = "shared" | "own" | "pool" | "http";

/** The options of the services under test. */
export type ScenarioOptions = OpenAIResponsesLLMServiceOptions & {
  timeouts: NonNullable<OpenAIResponsesLLMServiceOptions["timeouts"]>;
};

export interface Scenario {
  seed: number;
  /** The chance of a fault at each request. */
  weather: number;
  /** The chance that connecting fails; `badIdle`: that an idle connection fails. */
  badConnect: number;
  badIdle: number;
  topology: Topology;
  conversations: number;
  server: ServerProfile;
  network: NetworkProfile;
  /** Options for the service. A version of the service that does not know an option ignores it. */
  options: ScenarioOptions;
  reasons: boolean;
  /** See `Capabilities`. */
  recovers: boolean;
  steps: Step[];
}

export interface Capabilities {
  pool: boolean;
  steer: boolean;
  /** Whether turns use HTTP when the server refuses WebSockets, and retry when the server is busy. */
  recovers: boolean;
}

const servers = {
  lanes: [
    [5, "known"],
    [2, "ignored"],
    [1, "refused"],
  ],
  cancel: [
    [4, "honoured"],
    [2, "refused before"],
    [1, "refused among"],
    [2, "refused after"],
    [3, "ignored"],
  ],
} as const;

export function generate(seed: number, capabilities: Capabilities): Scenario {
  const random = new Random(mix(seed, 1));
  const conversations = random.weighted([
    [6, 1],
    [3, 2],
    [1, 3],
  ]);
  const topology = generateTopology(random, conversations, capabilities);
  const weather = random.weighted([
    [4, 0],
    [4, 0.12],
    [2, 0.35],
  ]);
  return {
    seed,
    weather,
    badConnect: weather === 0 ? 0 : random.pick([0, 0.1, 0.3]),
    badIdle: weather === 0 ? 0 : random.pick([0, 0.1, 0.3]),
    topology,
    conversations,
    server: generateServer(random, weather),
    network: {
      oneWayMs: random.pick([0, 1, 20, 20, 150]),
      jitterMs: random.pick([0, 0, 5, 60]),
      bursts: random.chance(0.5),
    },
    options: generateOptions(random),
    reasons: random.chance(0.3),
    recovers: capabilities.recovers && topology !== "http",
    steps: generateSteps(random, seed, conversations, capabilities),
  };
}

function generateTopology(random: Random, conversations: number, capabilities: Capabilities): Topology {
  if (random.chance(0.04)) return "http";
  if (capabilities.pool && random.chance(0.3)) return "pool";
  return conversations === 1 || random.chance(0.5) ? "shared" : "own";
}

function generateServer(random: Random, weather: number): ServerProfile {
  return {
    lanes: random.weighted<ServerProfile["lanes"]>(servers.lanes),
    cancel: random.weighted<ServerProfile["cancel"]>(servers.cancel),
    cancelledAs: random.pick(["incomplete", "cancelled", "completed"]),
    refusal: random.pick(["clear", "clear", "field", "response", "code", "vague", "empty"]),
    warmUp: random.pick(["known", "known", "refused", "ignored"]),
    steer: random.pick(["known", "known", "known", "refused", "unknown event", "ignored"]),
    drops: random.chance(0.85) ? "at completion" : "at start",
    evictChance: weather === 0 ? 0 : random.pick([0, 0, 0.1, 1]),
    maxAgeMs: random.pick([25, 60]) * 60_000,
    quirkChance: random.pick([0, 0.1, 0.5]),
    slowChance: random.pick([0, 0.1, 0.4]),
  };
}

function generateOptions(random: Random): ScenarioOptions {
  const limits = {
    drainMs: random.pick([50, 1000, 1000, 5000]),
    closeMs: random.pick([100, 2000]),
    connectMs: random.pick([500, 10_000]),
  };
  const retry = random.chance(0.3) ? { outputMs: random.pick([800, 5000]) } : undefined;
  const connection = {
    ...(random.chance(0.2) ? { reconnectOnError: false } : {}),
    ...(random.chance(0.2) ? { queueCapacity: random.pick([1, 2, 8]) } : {}),
  };
  const firstEvent = random.chance(0.3) ? { firstEventMs: random.pick([3000, 20_000]) } : {};
  const service = {
    ...(random.chance(0.2) ? { runInParallel: false } : {}),
    ...(random.chance(0.2) ? { maxConnectionAgeMs: random.pick([60_000, 20 * 60_000]) } : {}),
  };
  const idle = random.chance(0.2) ? { idleMs: 30_000 } : {};
  return {
    ...(retry === undefined ? {} : { retryOnTimeout: true }),
    ...connection,
    ...service,
    ...(random.chance(0.3) ? { onInterrupt: "disconnect" } : {}),
    ...(random.chance(0.2) ? { standby: true } : {}),
    ...(random.chance(0.3) ? { warmUp: true } : {}),
    ...(random.chance(0.15) ? { onConnectionLost: "resume" } : {}),
    heartbeat: { intervalMs: random.pick([5000, 20_000, 20_000]), timeoutMs: random.pick([1000, 10_000]) },
    timeouts: { ...limits, ...retry, ...firstEvent, ...idle, functionMs: random.pick([500, 10_000]) },
  };
}

function generateSteps(random: Random, seed: number, conversations: number, capabilities: Capabilities): Step[] {
  const cutChance = random.pick([0, 0.3, 0.6]);
  const count = random.between(2, 6) + (conversations > 1 ? 2 : 0);
  return Array.from({ length: count }, (_, index) => {
    const base = {
      index,
      seed: mix(seed, 100 + index),
      conversation: index < conversations ? index : random.int(conversations),
      pauseMs: generatePause(random),
    };
    return {
      ...base,
      ...(index < conversations ? say(random, cutChance) : generateStep(random, cutChance, capabilities)),
    };
  });
}

function generatePause(random: Random): number {
  return random.weighted([
    [6, 0],
    [3, random.int(300)],
    [2, random.int(5000)],
    [1, random.pick([30_000, 70_000, 70_000, 200_000])],
    // Long pauses are expensive because heartbeats continue through them.
    [0.2, random.pick([600_000, 26 * 60_000, 3_600_000])],
  ]);
}

type Kind = Step extends infer S ? (S extends Step ? Omit<S, keyof StepBase> : never) : never;

function generateStep(random: Random, cutChance: number, capabilities: Capabilities): Kind {
  const kind = random.weighted<StepKind>([
    [16, "say"],
    [2, "cut reply"],
    [2, "edit"],
    [1, "truncate"],
    [1, "note"],
    [1, "clone"],
    [0.5, "settings"],
    [1, "stop"],
    [0.5, "one-shot"],
    [capabilities.steer ? 3 : 0, "steer"],
  ]);
  switch (kind) {
    case "say":
      return say(random, cutChance);
    case "cut reply":
      return { kind, keep: random.next() };
    case "edit":
      return { kind, fromEnd: random.int(3) };
    case "truncate":
      return { kind, keep: random.int(6), from: random.pick(["start", "end"]) };
    case "one-shot":
      return { kind, cutMs: random.chance(0.3) ? random.int(200) : undefined };
    case "steer":
      return { kind, afterMs: random.int(1500), cut: random.chance(cutChance / 2) ? generateCut(random) : undefined };
    default:
      return { kind };
  }
}

function say(random: Random, cutChance: number): Kind {
  return {
    kind: "say",
    cut: random.chance(cutChance) ? generateCut(random) : undefined,
    slowConsumerMs: random.chance(0.1) ? random.between(1, 400) : 0,
    appends: !random.chance(0.08),
  };
}

function generateCut(random: Random): Cut {
  const how = random.chance(0.1) ? "stop" : "abort";
  switch (random.int(9)) {
    case 0:
      return random.chance(0.3) ? { at: "before", how: "abort" } : { at: "start", how };
    case 1:
      return { at: "sent", ms: random.pick([0, 0, 1, 10, 30, 100]), how };
    case 2:
    case 3:
    case 4:
      return { at: "event", count: random.int(14), after: random.chance(0.5), how: "abort" };
    case 5:
    case 6:
      return { at: "frame", count: random.between(1, 10), how: random.chance(0.4) ? "leave" : "abort" };
    case 7:
      return { at: "tool", ms: random.pick([0, 0, 10, 100]), how };
    default:
      return { at: "time", ms: random.int(1200), how };
  }
}
