import { type Checks, is } from "turnwire/internal";
import { record, whole } from "../../kit/index.ts";
import { type ErrorShape, errorShapes } from "../error-shapes.ts";

/**
 * What the server does about `response.cancel`, which is in no official list of client events; servers in the field
 * differ. `honour`: the response ends at once with `response.incomplete`, its `status` `cancelled`, and cannot be
 * continued. `refuse`: an `error` event for an unsupported client event (code `invalid_value`, param `type`), and the
 * response goes on. `ignore`: nothing is said, and the response goes on.
 */
export type CancelMode = "honour" | "refuse" | "ignore";

export const cancelModes: readonly CancelMode[] = ["honour", "refuse", "ignore"];

/** The differences between Responses servers. */
export interface Dialect {
  /** `echo`: lanes work. `ignore`: `stream_id` means nothing. `refuse`: it is an unknown parameter. */
  readonly lanes: "echo" | "ignore" | "refuse";
  readonly cancel: CancelMode;
  /** The models whose responses can be steered; a trailing `*` stands for anything. If empty, the server knows no such event. */
  readonly steering: readonly string[];
  /** Whether the server knows `generate: false`. With `refuse` it is an unknown parameter. */
  readonly warmUp: "yes" | "refuse";
  readonly maxConnectionAgeMs: number;
  readonly maxInFlight: number;
  /** What happens to a request while `maxInFlight` others are being answered, or its lane is busy. */
  readonly whenBusy: "queue" | "refuse";
  /** How many responses a connection keeps: the latest of each lane, or that many of all. */
  readonly keeps: "latest-of-lane" | number;
  /** Which responses a WebSocket connection keeps by itself; `stored`: only those with `store: true`. */
  readonly chains: "all" | "stored";
  /** `together`: `instructions` come with every request. `inherited`: a continuation may not have any, and keeps its parent's. */
  readonly instructions: "together" | "inherited";
  /** `per-response`, or one id for all responses of a connection. */
  readonly responseIds: "per-response" | "per-connection";
  readonly errors: ErrorShape;
  /** Whether optional fields may be explicit nulls. */
  readonly nulls: "accept" | "refuse";
  readonly unknownFields: "accept" | "refuse";
  /** Whether items sent back may carry the server's ids when nothing is stored. */
  readonly itemIds: "accept" | "refuse";
  /** Until when a response can be forked: until its lane's next one is complete, or until that begins. */
  readonly parentLeaves: "at-completion" | "at-start";
}

/** The dialects by name. */
export type DialectName = "openai" | "openai-no-lanes" | "xai" | "azure" | "openresponses" | "strict" | "localai";

const acceptOrRefuse = is.oneOf(["accept", "refuse"]);

/** Some fields of a dialect. */
export const dialectCheck = record(
  "a dialect",
  {
    lanes: is.oneOf(["echo", "ignore", "refuse"]),
    cancel: is.oneOf(cancelModes),
    steering: is.listOf(is.text),
    warmUp: is.oneOf(["yes", "refuse"]),
    maxConnectionAgeMs: is.timeLimit,
    maxInFlight: whole(1),
    whenBusy: is.oneOf(["queue", "refuse"]),
    keeps: is.anyOf(is.oneOf(["latest-of-lane"]), whole(0)),
    chains: is.oneOf(["all", "stored"]),
    instructions: is.oneOf(["together", "inherited"]),
    responseIds: is.oneOf(["per-response", "per-connection"]),
    errors: is.oneOf(errorShapes),
    nulls: acceptOrRefuse,
    unknownFields: acceptOrRefuse,
    itemIds: acceptOrRefuse,
    parentLeaves: is.oneOf(["at-completion", "at-start"]),
  } satisfies Checks<Dialect>,
  "fields of a dialect",
);
