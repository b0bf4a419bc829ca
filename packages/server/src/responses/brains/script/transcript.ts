import { type Clock, defined } from "turnwire/internal";
import type { ResponsesApiError } from "../../api-error.ts";
import type { BrainOutput } from "../../brain.ts";
import type { ScriptPiece } from "./fixture.ts";

type Spoken = Extract<BrainOutput, { type: "text" | "refusal" }>;

/** A brain's output as pieces of a script. */
export class Transcript {
  readonly #clock: Clock | undefined;
  readonly #pieces: ScriptPiece[] = [];
  /** The last piece, which goes on as long as deltas of its kind come. */
  #open: { readonly type: Spoken["type"]; readonly deltas: string[]; readonly delays: number[] } | undefined;
  #last: number;

  /** Without a clock the pieces get no delays. */
  constructor(clock: Clock | undefined) {
    this.#clock = clock;
    this.#last = clock?.now() ?? 0;
  }

  add(output: BrainOutput): void {
    const delayMs = this.#lap();
    if (output.type === "text" || output.type === "refusal") return this.#addDelta(output.type, output.delta, delayMs);
    const timing = output.type === "usage" || delayMs === 0 ? {} : { delayMs };
    this.#push({ ...pieceOf(output), ...timing });
  }

  /** Notes an error of the brain. */
  fail({ status, body, headers, message }: ResponsesApiError): void {
    const details = Object.entries({ code: body.code, type: body.type, param: body.param, headers });
    const given = Object.fromEntries(details.filter(([, value]) => value !== null && value !== undefined));
    this.#push({ error: { status, message, ...given } });
  }

  /** Notes that the rest is missing: it was cancelled, or there were too many tokens. */
  cutShort(unwanted: boolean): void {
    this.#push(unwanted ? { hang: true } : { incomplete: "max_output_tokens" });
  }

  pieces(): ScriptPiece[] {
    return this.#pieces;
  }

  #push(piece: ScriptPiece): void {
    this.#open = undefined;
    this.#pieces.push(piece);
  }

  #addDelta(type: Spoken["type"], delta: string, delayMs: number): void {
    if (this.#open?.type !== type) {
      const [deltas, delays]: [string[], number[]] = [[], []];
      const timing = this.#clock === undefined ? {} : { delayMs: delays };
      this.#push(type === "text" ? { text: deltas, ...timing } : { refusal: deltas, ...timing });
      this.#open = { type, deltas, delays };
    }
    this.#open.deltas.push(delta);
    this.#open.delays.push(delayMs);
  }

  /** The whole milliseconds since the last output. */
  #lap(): number {
    if (this.#clock === undefined) return 0;
    const now = this.#clock.now();
    const passed = Math.max(0, Math.round(now - this.#last));
    this.#last = now;
    return passed;
  }
}

function pieceOf(output: Exclude<BrainOutput, Spoken>): Exclude<ScriptPiece, string> {
  switch (output.type) {
    case "reasoning": {
      const { summary = "", encryptedContent } = output;
      return { reasoning: summary, ...defined({ encryptedContent }) };
    }
    case "function_call":
      return { call: output.name, arguments: output.arguments, ...defined({ callId: output.callId }) };
    case "usage": {
      const { type: _type, ...usage } = output;
      return { usage };
    }
    case "incomplete":
      return { incomplete: output.reason };
  }
}
