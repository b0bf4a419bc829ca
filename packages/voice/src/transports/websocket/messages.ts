import type { AudioFormat } from "turnwire/internal";
import { InvalidArgumentError, kindOf } from "turnwire/internal";

/** The version of the protocol of docs/transports.md. */
export const protocolVersion = 1;

/** What a client says first. */
export interface HelloMessage {
  type: "hello";
  version: number;
  /** What the client sends; else the server's defaults. */
  input?: Partial<AudioFormat>;
  /** What the client wants to be sent; else the server's defaults. */
  output?: Partial<AudioFormat>;
  /** Whether it sends `played`. */
  reportsPlayed?: boolean;
}

/** The JSON messages a client sends. */
export type ClientMessage =
  | HelloMessage
  | { type: "played"; utterance: number; ms: number }
  | { type: "text"; text: string }
  | { type: "user-speaking"; speaking: boolean }
  | { type: "interrupt" }
  | { type: "end" };

/** The JSON messages the server sends. */
export type ServerMessage =
  | { type: "hello"; version: number; input: AudioFormat; output: AudioFormat }
  | { type: "utterance"; utterance: number }
  | { type: "clear" }
  | { type: "text"; text: string }
  | { type: "transcription"; text: string; final: boolean }
  | { type: "bot-speaking"; speaking: boolean }
  | { type: "user-speaking"; speaking: boolean }
  | { type: "error"; field: string; message: string }
  | { type: "end" };

type Fields = Readonly<Record<string, unknown>>;
type Readers = { readonly [T in ClientMessage["type"]]: (fields: Fields) => Extract<ClientMessage, { type: T }> };

const readers: Readers = {
  hello: (fields) => ({
    type: "hello",
    version: whole(fields, "version", 1, Number.MAX_SAFE_INTEGER),
    ...optional(fields, "input", formatAt),
    ...optional(fields, "output", formatAt),
    ...optional(fields, "reportsPlayed", boolean),
  }),
  played: (fields) => ({
    type: "played",
    utterance: whole(fields, "utterance", 1, Number.MAX_SAFE_INTEGER),
    ms: milliseconds(fields, "ms"),
  }),
  text: (fields) => ({ type: "text", text: text(fields, "text") }),
  "user-speaking": (fields) => ({ type: "user-speaking", speaking: boolean(fields, "speaking") }),
  interrupt: () => ({ type: "interrupt" }),
  end: () => ({ type: "end" }),
};

/** The types of message a client may send. */
export const clientMessageTypes = Object.keys(readers) as ReadonlyArray<ClientMessage["type"]>;

/** Reads a client's message. @throws InvalidArgumentError that names the field; `message` where it is the whole. */
export function readClientMessage(json: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InvalidArgumentError("message", "must be JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError("message", `must be a JSON object, not ${kindOf(value)}`);
  }
  const fields = value as Fields;
  const type = clientMessageTypes.find((known) => known === fields["type"]);
  if (type === undefined) {
    throw new InvalidArgumentError("type", `must be one of ${clientMessageTypes.join(", ")}`);
  }
  return readers[type](fields);
}

const minSampleRate = 8000;
const maxSampleRate = 48_000;

function formatAt(fields: Fields, name: string): Partial<AudioFormat> {
  const format = fields[name];
  if (typeof format !== "object" || format === null || Array.isArray(format)) {
    throw new InvalidArgumentError(name, `must be an object with sampleRate and channels, not ${kindOf(format)}`);
  }
  const nested = Object.fromEntries(Object.entries(format).map(([key, value]) => [`${name}.${key}`, value as unknown]));
  const sampleRate = nested[`${name}.sampleRate`];
  const channels = nested[`${name}.channels`];
  return {
    ...(sampleRate === undefined
      ? {}
      : { sampleRate: whole(nested, `${name}.sampleRate`, minSampleRate, maxSampleRate) }),
    ...(channels === undefined ? {} : { channels: whole(nested, `${name}.channels`, 1, 2) }),
  };
}

function optional<K extends string, T>(
  fields: Fields,
  name: K,
  read: (fields: Fields, name: string) => T,
): { [P in K]?: T } {
  return fields[name] === undefined ? {} : ({ [name]: read(fields, name) } as { [P in K]?: T });
}

function whole(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new InvalidArgumentError(name, `must be a whole number ${range}, not ${kindOf(value)}`);
}

function milliseconds(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && value >= 0) return value;
  throw new InvalidArgumentError(name, `must be a number of at least 0, not ${kindOf(value)}`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new InvalidArgumentError(name, `must be a text that is not blank, not ${kindOf(value)}`);
}

function boolean(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw new InvalidArgumentError(name, `must be true or false, not ${kindOf(value)}`);
}
