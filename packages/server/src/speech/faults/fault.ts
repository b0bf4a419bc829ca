import { InvalidArgumentError, kindOf } from "turnwire/internal";

/** Where and how often a fault strikes. */
export interface SpeechFaultPlace {
  /** Default: both. */
  readonly path?: "listen" | "speak";
  /** Only at this one of the connections that are asked for at a path, from 1; those that are refused count. */
  readonly connection?: number;
  /** How often. Default: once. */
  readonly times?: number | "always";
  /** When so much audio was received (`listen`) or sent (`speak`), in milliseconds. Default: as soon as it is open. */
  readonly afterAudioMs?: number;
  /** Before the message with which more bytes than these would have been sent. */
  readonly afterSentBytes?: number;
}

/** What goes wrong. */
export type SpeechFaultAction =
  /** The upgrade is refused. Default: 503. */
  | { readonly fault: "refuse"; readonly status?: number }
  /** The upgrade takes so much longer. */
  | { readonly fault: "delay"; readonly ms: number }
  /** A close frame. Default: 1011, no reason. */
  | { readonly fault: "close"; readonly code?: number; readonly reason?: string }
  /** The connection ends without a close frame, behind what was sent before. */
  | { readonly fault: "drop" }
  /** Nothing is read and nothing sent any more, no pong either: for so long, or for ever. */
  | { readonly fault: "half-open"; readonly ms?: number }
  /** It reads and answers pings, but says nothing any more: for so long, or for ever. */
  | { readonly fault: "silence"; readonly ms?: number }
  /** Every message comes so much later. */
  | { readonly fault: "slow"; readonly ms: number };

/** A fault to be asked for. */
export type SpeechFault = SpeechFaultPlace & SpeechFaultAction;

type Check = (value: unknown) => string | undefined;

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}`;
const duration: Check = (value) =>
  typeof value === "number" && value >= 0 && value < 2 ** 31 ? undefined : "milliseconds from 0 to 2^31 - 1";
const closeCode: Check = (value) => {
  const code = value as number;
  const known = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code);
  return known || whole(3000, 4999)(value) === undefined ? undefined : "a close code that may be sent";
};

const anywhere = { path: oneOf("listen", "speak"), connection: whole(1), times: times() };
const underway = { afterAudioMs: duration, afterSentBytes: whole(0) };

const fields: Readonly<Record<SpeechFault["fault"], Readonly<Record<string, Check>>>> = {
  refuse: { ...anywhere, status: whole(400, 599) },
  delay: { ...anywhere, ms: duration },
  close: { ...anywhere, ...underway, code: closeCode, reason: reason() },
  drop: { ...anywhere, ...underway },
  "half-open": { ...anywhere, ...underway, ms: duration },
  silence: { ...anywhere, ...underway, ms: duration },
  slow: { ...anywhere, ...underway, ms: duration },
};

/** @throws InvalidArgumentError for a fault that cannot be. */
export function checkFault(value: unknown, field = "fault"): SpeechFault {
  if (typeof value !== "object" || value === null) {
    throw new InvalidArgumentError(field, `must be a fault such as { fault: "drop" }, not ${kindOf(value)}`);
  }
  const { fault, ...rest } = value as Record<string, unknown>;
  if (typeof fault !== "string" || !Object.hasOwn(fields, fault)) {
    throw new InvalidArgumentError(
      `${field}.fault`,
      `must be one of ${Object.keys(fields).join(", ")}, not ${kindOf(fault)}`,
    );
  }
  const checks = fields[fault as SpeechFault["fault"]];
  for (const [name, given] of Object.entries(rest)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw new InvalidArgumentError(`${field}.${name}`, `is no field of "${fault}"`);
    const expected = given === undefined ? undefined : check(given);
    if (expected !== undefined)
      throw new InvalidArgumentError(`${field}.${name}`, `must be ${expected}, not ${kindOf(given)}`);
  }
  if ((fault === "delay" || fault === "slow") && rest["ms"] === undefined) {
    throw new InvalidArgumentError(`${field}.ms`, `must be milliseconds, not ${kindOf(undefined)}`);
  }
  return value as SpeechFault;
}

function oneOf(...values: readonly string[]): Check {
  return (value) => (values.includes(value as string) ? undefined : `one of ${values.join(", ")}`);
}

function times(): Check {
  return (value) =>
    value === "always" || whole(1)(value) === undefined ? undefined : 'a whole number from 1, or "always"';
}

function reason(): Check {
  return (value) =>
    typeof value === "string" && Buffer.byteLength(value) <= 123 ? undefined : "a string of at most 123 bytes";
}
