import { type Checks, InvalidArgumentError, is } from "turnwire/internal";
import { closeCode, closeReason, faultPlace, readFault, whole } from "../../kit/index.ts";
import { type ErrorShape, errorShapes } from "../error-shapes.ts";

/** Where and how often a fault is injected. */
export interface FaultPlace {
  /** Only over this transport. */
  transport?: "websocket" | "http";
  /** The n-th WebSocket connection since the server was started, from 1. Absent: any. */
  connection?: number;
  /** The n-th request of a connection, or the n-th over HTTP since the start, from 1. Absent: any. */
  request?: number;
  /** The n-th event of a response, from 1, or the first of this type. Absent: as the request comes in. */
  event?: number | string;
  /** How often it is injected. Default: 1. */
  times?: number | "always";
}

/** A fault. `docs/faults.md` says what a good client does about each. */
export type FaultAction =
  /** The WebSocket is closed with a close frame; without `request` and `event`, as soon as it is open. Default: 1011. */
  | { fault: "close"; code?: number; reason?: string }
  /** The connection is cut off: a TCP reset, no close frame. */
  | { fault: "reset" }
  /** Nothing is read, written or closed any more, as on a network path that is dead. */
  | { fault: "half-open" }
  /** The response goes silent and never ends. The connection stays healthy. */
  | { fault: "silence" }
  /** A wait. Without `request` and `event`, before the upgrade is answered. */
  | { fault: "delay"; ms: number }
  /** A message that is no event comes before the event. Default: text that is no JSON. */
  | { fault: "garbage"; text?: string }
  /** The event comes twice. */
  | { fault: "duplicate" }
  /** The event comes after the next one. */
  | { fault: "reorder" }
  /** The event does not come at all. */
  | { fault: "drop" }
  /** An error in place of the answer, or of the rest of it. Default: 500 `server_error`, in the wrapped shape. */
  | {
      fault: "error";
      shape?: ErrorShape;
      status?: number;
      code?: string;
      message?: string;
      param?: string;
      retryAfterMs?: number;
    }
  /** The connection forgets every response that could be continued, before the request is read. */
  | { fault: "evict" }
  /** The upgrade is refused with an HTTP status. Default: 503. */
  | { fault: "refuse"; status?: number; retryAfter?: number | string; body?: string };

export type Fault = FaultAction & FaultPlace;
export type FaultKind = Fault["fault"];

/** Where a fault is injected. */
export type FaultStage = "connection" | "request" | "event";

const place = {
  ...faultPlace,
  transport: is.oneOf(["websocket", "http"]),
  request: whole(1),
  event: is.anyOf(whole(1), is.text),
} satisfies Checks<FaultPlace>;

const headerValue = is.custom("printable ASCII", (value) => typeof value === "string" && /^[\x20-\x7e]*$/.test(value));

const anywhere: readonly FaultStage[] = ["connection", "request", "event"];
const answer: readonly FaultStage[] = ["request", "event"];
const event: readonly FaultStage[] = ["event"];

/** Where each kind can be injected, and its own fields. */
const kinds: Readonly<Record<FaultKind, readonly [stages: readonly FaultStage[], fields?: Checks]>> = {
  close: [anywhere, { code: closeCode, reason: closeReason }],
  reset: [anywhere],
  "half-open": [anywhere],
  silence: [answer],
  delay: [anywhere, { ms: is.required(is.duration) }],
  garbage: [anywhere, { text: is.string }],
  duplicate: [event],
  reorder: [event],
  drop: [event],
  error: [
    answer,
    {
      shape: is.oneOf(errorShapes),
      status: whole(400, 599),
      code: is.string,
      message: is.string,
      param: is.string,
      retryAfterMs: is.duration,
    },
  ],
  evict: [["request"]],
  refuse: [["connection"], { status: whole(300, 599), retryAfter: is.anyOf(whole(0), headerValue), body: is.string }],
};

/** Where a fault is injected: at an event if it names one, else at a request, else at a connection. */
export function stageOf(fault: Fault): FaultStage {
  const [possible] = kinds[fault.fault];
  if (fault.event !== undefined || !(possible.includes("request") || possible.includes("connection"))) return "event";
  const isOfConnection = possible.includes("connection") && fault.request === undefined && fault.transport !== "http";
  return isOfConnection ? "connection" : "request";
}

/** Reads a fault that a caller or a client gives. Throws an `InvalidArgumentError` naming the field. */
export function readResponsesFault(value: unknown, path = "fault"): Fault {
  const kind = readFault(value, path, kinds, ([, fields]) => ({ ...place, ...fields }));
  const [stages] = kinds[kind];
  const fault = value as Fault;
  const stage = stageOf(fault);
  if (!stages.includes(stage)) {
    throw new InvalidArgumentError(path, `"${kind}" can be injected at ${stages.join(" or ")}, not at ${stage}`);
  }
  return fault;
}
