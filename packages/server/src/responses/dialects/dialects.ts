import { limits } from "turnwire/internal";
import type { Dialect, DialectName } from "./dialect.ts";

const minutes = 60_000;

/** The public guides to WebSocket mode and to mid-turn steering (developers.openai.com/api/docs/guides). */
const openai: Dialect = {
  lanes: "echo",
  // In no official list of client events.
  cancel: "refuse",
  // The steering guide; and this server's own model, so that steering can be tried without naming another's.
  steering: ["gpt-6*", "turnwire-rules"],
  warmUp: "yes",
  maxConnectionAgeMs: limits.maxConnectionAgeMs,
  maxInFlight: limits.maxInFlight,
  whenBusy: "queue",
  keeps: "latest-of-lane",
  chains: "all",
  instructions: "together",
  responseIds: "per-response",
  errors: "wrapped",
  nulls: "accept",
  unknownFields: "refuse",
  itemIds: "accept",
  parentLeaves: "at-completion",
};

/** The guide as it was before lanes: one response at a time, in order. */
const withoutLanes: Dialect = { ...openai, lanes: "ignore", steering: [], maxInFlight: 1 };

/** The dialects, each with the source of its differences. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  openai,
  "openai-no-lanes": withoutLanes,
  xai: {
    ...withoutLanes,
    // docs.x.ai "WebSocket Mode", anomalyco/opencode#43889.
    maxConnectionAgeMs: 25 * minutes,
    // anomalyco/opencode#48318, verified there against the live socket: no continuation of `store: false`, a warm-up
    // included; instructions refused on a continuation and kept from the first; one id for a whole connection.
    chains: "stored",
    instructions: "inherited",
    responseIds: "per-connection",
    // anomalyco/opencode#48227.
    errors: "untyped",
  },
  // learn.microsoft.com "Use the Responses API in WebSocket mode": 60 minutes, no word of lanes or steering.
  azure: withoutLanes,
  openresponses: {
    ...withoutLanes,
    // openresponses.org, 2026-04-24: turns in sequence, structured errors; openresponses/openresponses#71.
    whenBusy: "refuse",
    warmUp: "refuse",
    unknownFields: "accept",
  },
  // No server's: all that any server has been seen to insist on, at once. docs/protocol.md says which.
  strict: { ...openai, nulls: "refuse", itemIds: "refuse", parentLeaves: "at-start" },
  localai: {
    ...withoutLanes,
    // mudler/LocalAI#8676: TryLock, an error while one response is in flight; #11608: 128 responses are kept.
    whenBusy: "refuse",
    keeps: 128,
    unknownFields: "accept",
  },
};
