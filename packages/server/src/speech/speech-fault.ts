import { type Checks, is } from "turnwire/internal";
import { closeCode, closeReason, faultPlace, readFault, whole } from "../kit/index.ts";

/** Where and how often a fault is injected. */
export interface SpeechFaultPlace {
  /** Default: both. */
  readonly path?: "listen" | "speak";
  /** The n-th connection that is requested at a path, from 1; refused ones count, too. Absent: any. */
  readonly connection?: number;
  /** How often. Default: once. */
  readonly times?: number | "always";
  /** Injected after this much audio was received (`listen`) or sent (`speak`), in milliseconds. Default: at once. */
  readonly afterAudioMs?: number;
  /** Injected before the message that would go beyond so many sent bytes. */
  readonly afterSentBytes?: number;
}

/** The faults. */
export type SpeechFaultAction =
  /** The upgrade is refused. Default: 503. */
  | { readonly fault: "refuse"; readonly status?: number }
  /** The upgrade takes `ms` longer. */
  | { readonly fault: "delay"; readonly ms: number }
  /** A close frame. Default: 1011, no reason. */
  | { readonly fault: "close"; readonly code?: number; readonly reason?: string }
  /** The connection ends without a close frame, after what was sent before. */
  | { readonly fault: "drop" }
  /** Nothing is read or sent any more, not even a pong: for `ms`, or without end. */
  | { readonly fault: "half-open"; readonly ms?: number }
  /** The server reads and answers pings, but sends no message any more: for `ms`, or without end. */
  | { readonly fault: "silence"; readonly ms?: number }
  /** Every message comes `ms` later. */
  | { readonly fault: "slow"; readonly ms: number };

export type SpeechFault = SpeechFaultPlace & SpeechFaultAction;

const place = { ...faultPlace, path: is.oneOf(["listen", "speak"]) };
const underway = { ...place, afterAudioMs: is.duration, afterSentBytes: whole(0) };

const kinds: Readonly<Record<SpeechFault["fault"], Checks>> = {
  refuse: { ...place, status: whole(400, 599) },
  delay: { ...place, ms: is.required(is.duration) },
  close: { ...underway, code: closeCode, reason: closeReason },
  drop: underway,
  "half-open": { ...underway, ms: is.duration },
  silence: { ...underway, ms: is.duration },
  slow: { ...underway, ms: is.required(is.duration) },
};

/** Reads a fault that a caller gives. Throws an `InvalidArgumentError` naming the field. */
export function readSpeechFault(value: unknown, path = "fault"): SpeechFault {
  readFault(value, path, kinds, (fields) => fields);
  return value as SpeechFault;
}
