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

/** Says a reply, piece by piece, in its time. */
export async function* say(reply: ScriptReply, saying: Saying): AsyncGenerator<BrainOutput, void> {
  const pieces = (Array.isArray(reply) ? reply : [reply]) as readonly ScriptPiece[];
  for (const piece of pieces) yield* sayPiece(typeof piece === "string" ? { text: piece } : piece, saying);
}

async function* sayPiece(piece: PieceObject, saying: Saying): AsyncGenerator<BrainOutput, void> {
  if ("hang" in piece) return await untilAborted(new Promise(() => undefined), saying.signal);
  const waits = "delayMs" in piece ? (piece.delayMs ?? 0) : 0;
  if ("error" in piece) {
    await wait(waits, 0, saying);
    throw new ResponsesApiError(piece.error);
  }
  const outputs = outputsOf(piece);
  if (outputs === undefined) return await wait(waits, 0, saying);
  for (const [index, output] of outputs.entries()) {
    await wait(waits, index, saying);
    yield output;
  }
}

/** What a piece says, output by output; undefined for one that only waits. */
function outputsOf(piece: PieceObject): BrainOutput[] | undefined {
  if ("text" in piece) return deltas("text", piece.text);
  if ("refusal" in piece) return deltas("refusal", piece.refusal);
  if ("reasoning" in piece) {
    const { reasoning: summary, encryptedContent } = piece;
    return [{ type: "reasoning", summary, ...defined({ encryptedContent }) }];
  }
  if ("call" in piece) {
    const { call: name, arguments: args = {}, callId } = piece;
    const text = typeof args === "string" ? args : JSON.stringify(args);
    return [{ type: "function_call", name, arguments: text, ...defined({ callId }) }];
  }
  if ("incomplete" in piece) return [{ type: "incomplete", reason: piece.incomplete }];
  return "usage" in piece ? [{ type: "usage", ...piece.usage }] : undefined;
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
function deltas(type: "text" | "refusal", text: string | readonly string[]): BrainOutput[] {
  const parts = typeof text === "string" ? (text.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []) : text;
  return parts.map((delta) => ({ type, delta }));
}
