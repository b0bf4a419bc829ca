import { defined } from "turnwire/internal";
import type { Clock } from "turnwire/internal";
import type { ResponsesApiError } from "../../api-error.ts";
import type { BrainOutput } from "../../brain.ts";
import type { ScriptPiece } from "./fixture.ts";

type OutputOf<Type extends BrainOutput["type"]> = Extract<BrainOutput, { type: Type }>;
type SpokenType = "text" | "refusal";

/** A message that goes on as long as deltas of its kind come. */
interface OpenPiece {
  readonly type: SpokenType;
  readonly deltas: string[];
  readonly delays: number[];
}

/** A brain's output as pieces of a script. */
export class Transcript {
  readonly #clock: Clock | undefined;
  readonly #pieces: ScriptPiece[] = [];
  #open: OpenPiece | undefined;
  #last: number;

  /** Without a clock the pieces get no delays. */
  constructor(clock: Clock | undefined) {
    this.#clock = clock;
    this.#last = clock?.now() ?? 0;
  }

  add(output: BrainOutput): void {
    const delayMs = this.#lap();
    if (output.type === "text" || output.type === "refusal") return this.#addDelta(output.type, output.delta, delayMs);
    this.#close();
    const write = writers[output.type] as (output: BrainOutput) => ScriptPiece;
    const timing = output.type === "usage" || delayMs === 0 ? {} : { delayMs };
    this.#pieces.push({ ...(write(output) as object), ...timing } as ScriptPiece);
  }

  /** Notes an error of the brain. */
  fail({ status, body, headers, message }: ResponsesApiError): void {
    this.#close();
    const details = Object.entries({ code: body.code, type: body.type, param: body.param, headers });
    const given = Object.fromEntries(details.filter(([, value]) => value !== null && value !== undefined));
    this.#pieces.push({ error: { status, message, ...given } });
  }

  /** Notes that the rest is missing: it was cancelled, or there were too many tokens. */
  cutShort(unwanted: boolean): void {
    this.#close();
    this.#pieces.push(unwanted ? { hang: true } : { incomplete: "max_output_tokens" });
  }

  pieces(): ScriptPiece[] {
    this.#close();
    return this.#pieces;
  }

  #addDelta(type: SpokenType, delta: string, delayMs: number): void {
    if (this.#open?.type !== type) {
      this.#close();
      this.#open = { type, deltas: [], delays: [] };
    }
    this.#open.deltas.push(delta);
    this.#open.delays.push(delayMs);
  }

  #close(): void {
    if (this.#open === undefined) return;
    const { type, deltas, delays } = this.#open;
    this.#open = undefined;
    const timing = this.#clock === undefined ? {} : { delayMs: delays };
    this.#pieces.push(type === "text" ? { text: deltas, ...timing } : { refusal: deltas, ...timing });
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

const writers: {
  readonly [Type in Exclude<BrainOutput["type"], SpokenType>]: (output: OutputOf<Type>) => ScriptPiece;
} = {
  reasoning: ({ summary = "", encryptedContent }) => ({
    reasoning: summary,
    ...defined({ encryptedContent }),
  }),
  function_call: ({ name, arguments: args, callId }) => ({
    call: name,
    arguments: args,
    ...defined({ callId }),
  }),
  usage: ({ type: _type, ...usage }) => ({ usage }),
  incomplete: ({ reason }) => ({ incomplete: reason }),
};
