import {
  type AudioFormat,
  type Check,
  checkFields,
  type Checks,
  defined,
  InvalidArgumentError,
  is,
  isRecord,
  kindOf,
} from "turnwire/internal";
import { partOf } from "../../checks.ts";

/** The version of the protocol of docs/transports.md. */
export const protocolVersion = 1;

/** Why the server closes a connection (RFC 6455, section 7.4.1). */
export const closeCodes = {
  ended: 1000,
  goingAway: 1001,
  invalidPayload: 1007,
  policy: 1008,
  messageTooBig: 1009,
  failed: 1011,
  tooSlow: 1013,
} as const;

/** The first message of a client. */
export interface HelloMessage {
  type: "hello";
  version: number;
  /** The format of the client's audio; by default the server's. */
  input?: Partial<AudioFormat>;
  /** The format the client wants to be sent; by default the server's. */
  output?: Partial<AudioFormat>;
  /** Whether the client sends `played`. */
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

const position: Check = is.number({ min: 1, integer: true });
const formatFields: Checks<AudioFormat> = {
  sampleRate: is.number({ min: 8000, max: 48_000, integer: true }),
  channels: is.number({ min: 1, max: 2, integer: true }),
};
const format = partOf(formatFields, "an object with sampleRate and channels");

type Fields<Type extends ClientMessage["type"]> = Checks<Omit<Extract<ClientMessage, { type: Type }>, "type">>;

/** The fields of each message. Others are ignored, so that later versions can add fields. */
const messages: { readonly [Type in ClientMessage["type"]]: Fields<Type> } = {
  hello: { version: is.required(position), input: format, output: format, reportsPlayed: is.flag },
  played: { utterance: is.required(position), ms: is.required(is.number({ min: 0 })) },
  text: {
    text: is.required(is.custom("a text that is not blank", (text) => typeof text === "string" && text.trim() !== "")),
  },
  "user-speaking": { speaking: is.required(is.flag) },
  interrupt: {},
  end: {},
};

/** The types of message that a client may send. */
export const clientMessageTypes = Object.keys(messages) as ReadonlyArray<ClientMessage["type"]>;

/** Reads a client's message. @throws InvalidArgumentError which names the field; `message` stands for the whole. */
export function readClientMessage(json: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(json);
  } catch {
    throw new InvalidArgumentError("message", "expected JSON");
  }
  if (!isRecord(message)) throw new InvalidArgumentError("message", `expected a JSON object, got ${kindOf(message)}`);
  const type = clientMessageTypes.find((known) => known === message["type"]);
  if (type === undefined) throw new InvalidArgumentError("type", `expected one of ${clientMessageTypes.join(", ")}`);
  checkFields(message, messages[type]);
  return { type, ...knownFields(message, messages[type]) } as ClientMessage;
}

/** Copies the fields that have a check: a client must not set anything else. */
function knownFields(message: object, checks: Readonly<Record<string, Check>>): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(checks)) {
    const value: unknown = Reflect.get(message, name);
    known[name] = check === format && isRecord(value) ? knownFields(value, formatFields) : value;
  }
  return defined(known);
}
