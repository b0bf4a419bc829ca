import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { isObject } from "turnwire/internal";
import { type ErrorShape, errorShapes } from "../error-shapes.ts";

/** Where and how often a fault strikes. */
export interface FaultPlace {
  /** Only over this transport. */
  transport?: "websocket" | "http";
  /** The n-th WebSocket connection since the server was started, from 1. Absent: any. */
  connection?: number;
  /** The n-th request of a connection, or the n-th over HTTP since the start, from 1. Absent: any. */
  request?: number;
  /** The n-th event of a response, from 1, or the first of this type. Absent: as the request comes in. */
  event?: number | string;
  /** How often, before it is used up. Default: 1. */
  times?: number | "always";
}

/** What goes wrong. `docs/faults.md` says of each what a good client does about it. */
export type FaultAction =
  /** The WebSocket is closed with a close frame; without `request` and `event`, as soon as it is open. Default: 1011. */
  | { fault: "close"; code?: number; reason?: string }
  /** The connection is cut off: a TCP reset, no close frame. */
  | { fault: "reset" }
  /** Nothing is read or written any more, and nothing closed: a dead path through the network. */
  | { fault: "half-open" }
  /** The response says nothing any more, and never ends; the connection stays healthy. */
  | { fault: "silence" }
  /** A wait; without `request` and `event`, before the upgrade is answered. */
  | { fault: "delay"; ms: number }
  /** A message that is no event comes before this one. Default: text that is no JSON. */
  | { fault: "garbage"; text?: string }
  /** The event comes twice. */
  | { fault: "duplicate" }
  /** The event comes after the one that follows it. */
  | { fault: "reorder" }
  /** The event does not come at all. */
  | { fault: "drop" }
  /** An error instead of the answer, or of the rest of it. Default: 500 `server_error`, in the wrapped shape. */
  | {
      fault: "error";
      shape?: ErrorShape;
      status?: number;
      code?: string;
      message?: string;
      param?: string;
      retryAfterMs?: number;
    }
  /** The connection forgets what could be continued, before the request is read. */
  | { fault: "evict" }
  /** The upgrade is refused with an HTTP status. Default: 503. */
  | { fault: "refuse"; status?: number; retryAfter?: number | string; body?: string };

export type Fault = FaultAction & FaultPlace;
export type FaultKind = Fault["fault"];

/** Where a kind can strike. */
export type FaultStage = "connection" | "request" | "event";

type FieldCheck = (value: unknown) => string | undefined;

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): FieldCheck =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}`;
const text: FieldCheck = (value) => (typeof value === "string" ? undefined : "a string");
const closeCode: FieldCheck = (value) =>
  [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(value as number) ||
  (Number.isInteger(value) && (value as number) >= 3000 && (value as number) <= 4999)
    ? undefined
    : "a close code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999";
const duration: FieldCheck = (value) =>
  typeof value === "number" && value >= 0 && value < 2 ** 31 ? undefined : "milliseconds from 0 to 2^31 - 1";
const oneOf =
  (...values: readonly unknown[]): FieldCheck =>
  (value) =>
    values.includes(value) ? undefined : `one of ${values.map(String).join(", ")}`;
const either =
  (...checks: readonly FieldCheck[]): FieldCheck =>
  (value) => {
    const problems = checks.map((check) => check(value));
    return problems.includes(undefined) ? undefined : problems.join(", or ");
  };
const headerValue: FieldCheck = (value) =>
  typeof value === "string" && /^[\x20-\x7e]*$/.test(value) ? undefined : "printable ASCII";

const placeFields: Readonly<Record<keyof FaultPlace, FieldCheck>> = {
  transport: oneOf("websocket", "http"),
  connection: whole(1),
  request: whole(1),
  event: either(whole(1), text),
  times: either(whole(1), oneOf("always")),
};

interface KindRule {
  readonly stages: readonly FaultStage[];
  readonly fields: Readonly<Record<string, FieldCheck>>;
  readonly required?: readonly string[];
}

const anywhere: readonly FaultStage[] = ["connection", "request", "event"];

const kinds: Readonly<Record<FaultKind, KindRule>> = {
  close: { stages: anywhere, fields: { code: closeCode, reason: text } },
  reset: { stages: anywhere, fields: {} },
  "half-open": { stages: anywhere, fields: {} },
  silence: { stages: ["request", "event"], fields: {} },
  delay: { stages: anywhere, fields: { ms: duration }, required: ["ms"] },
  garbage: { stages: anywhere, fields: { text } },
  duplicate: { stages: ["event"], fields: {} },
  reorder: { stages: ["event"], fields: {} },
  drop: { stages: ["event"], fields: {} },
  error: {
    stages: ["request", "event"],
    fields: {
      shape: oneOf(...errorShapes),
      status: whole(400, 599),
      code: text,
      message: text,
      param: text,
      retryAfterMs: duration,
    },
  },
  evict: { stages: ["request"], fields: {} },
  refuse: {
    stages: ["connection"],
    fields: { status: whole(300, 599), retryAfter: either(whole(0), headerValue), body: text },
  },
};

/** Where the fault strikes: at an event where one is named, else at a request, else at a connection. */
export function stageOf(fault: Fault): FaultStage {
  const { stages } = kinds[fault.fault];
  if (fault.event !== undefined || !(stages.includes("request") || stages.includes("connection"))) return "event";
  if (stages.includes("connection") && fault.request === undefined && fault.transport !== "http") return "connection";
  return "request";
}

/** Reads a fault that came from outside; throws an `InvalidArgumentError` naming the field. */
export function readFault(value: unknown, path = "fault"): Fault {
  if (!isObject(value)) throw new InvalidArgumentError(path, `expected an object, got ${kindOf(value)}`);
  const kind = value["fault"];
  if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).join(", ");
    throw new InvalidArgumentError(`${path}.fault`, `expected one of ${known}, got ${kindOf(kind)}`);
  }
  const rule = kinds[kind as FaultKind];
  const checks: Readonly<Record<string, FieldCheck>> = { ...placeFields, ...rule.fields };
  for (const [name, field] of Object.entries(value)) {
    if (name === "fault" || field === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw new InvalidArgumentError(`${path}.${name}`, `'${kind}' has no such field`);
    const problem = check(field);
    if (problem !== undefined)
      throw new InvalidArgumentError(`${path}.${name}`, `expected ${problem}, got ${kindOf(field)}`);
  }
  for (const name of rule.required ?? []) {
    if (value[name] === undefined) throw new InvalidArgumentError(`${path}.${name}`, `'${kind}' needs it`);
  }
  const fault = value as unknown as Fault;
  const stage = stageOf(fault);
  if (!rule.stages.includes(stage)) {
    throw new InvalidArgumentError(path, `'${kind}' strikes at ${rule.stages.join(" or ")}, not at ${stage}`);
  }
  return fault;
}
