import { defined, type Clock, delay, untilAborted } from "turnwire/internal";
import { ResponsesApiError } from "../../api-error.ts";
import type { BrainOutput } from "../../brain.ts";
import type { ScriptPiece, ScriptReply } from "./fixture.ts";

/** How a reply is said. */
export interface Saying {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** False: everything is said at once, whatever the script says. */
  readonly delays: boolean;
}

type PieceObject = Exclude<ScriptPiece, string>;
type Field = PieceObject extends infer Piece ? (Piece extends unknown ? keyof Piece : never) : never;
type PieceWith<Name extends Field> = Extract<PieceObject, Record<Name, unknown>>;
/** What a kind of piece says, output by output. */
type Speaker<Name extends Field> = (piece: PieceWith<Name>) => Iterable<BrainOutput>;

const speakers: {
  readonly [Name in Exclude<Field, "delayMs" | "hang" | "arguments" | "callId" | "encryptedContent">]: Speaker<Name>;
} = {
  text: ({ text }) => deltas("text", text),
  refusal: ({ refusal }) => deltas("refusal", refusal),
  *reasoning({ reasoning, encryptedContent }) {
    yield { type: "reasoning", summary: reasoning, ...defined({ encryptedContent }) };
  },
  *call({ call, arguments: args = {}, callId }) {
    const text = typeof args === "string" ? args : JSON.stringify(args);
    yield { type: "function_call", name: call, arguments: text, ...defined({ callId }) };
  },
  error: ({ error }) => {
    throw new ResponsesApiError(error);
  },
  *incomplete({ incomplete }) {
    yield { type: "incomplete", reason: incomplete };
  },
  *usage({ usage }) {
    yield { type: "usage", ...usage };
  },
};

/** Says a reply, piece by piece, in its time. */
export async function* say(reply: ScriptReply, saying: Saying): AsyncGenerator<BrainOutput, void> {
  const pieces = (Array.isArray(reply) ? reply : [reply]) as readonly ScriptPiece[];
  for (const piece of pieces) yield* sayPiece(typeof piece === "string" ? { text: piece } : piece, saying);
}

async function* sayPiece(piece: PieceObject, saying: Saying): AsyncGenerator<BrainOutput, void> {
  if ("hang" in piece) return await untilAborted(new Promise(() => undefined), saying.signal);
  const waits = "delayMs" in piece ? (piece.delayMs ?? 0) : 0;
  const kind = Object.keys(speakers).find((name) => name in piece) as keyof typeof speakers | undefined;
  if (kind === undefined) return await wait(waits, 0, saying);
  if (kind === "error") await wait(waits, 0, saying);
  const speak = speakers[kind] as (piece: PieceObject) => Iterable<BrainOutput>;
  let index = 0;
  for (const output of speak(piece)) {
    await wait(waits, index++, saying);
    yield output;
  }
}

async function wait(
  waits: number | readonly number[],
  index: number,
  { signal, clock, delays }: Saying,
): Promise<void> {
  const ms = typeof waits === "number" ? waits : (waits[index] ?? 0);
  if (delays && ms > 0) await delay(ms, { signal, clock });
}

/** Text as a model streams it: a word at a time. */
function* deltas(type: "text" | "refusal", text: string | readonly string[]): Iterable<BrainOutput> {
  const parts = typeof text === "string" ? (text.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []) : text;
  for (const delta of parts) yield { type, delta };
}
