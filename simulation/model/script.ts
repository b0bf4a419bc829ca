import type { ModelResponse } from "../laws/ledger.ts";
import { errorEvent, type ServerError } from "./errors.ts";
import type { Fault, Reply, Saying } from "./reply.ts";

type Fields = Record<string, unknown>;

/** `output` is an event that carries a part of the answer, `end` the last event of a response. */
export type EventRole = "created" | "output" | "other" | "end";

export type ScriptLine =
  | { kind: "event"; event: Fields; role: EventRole }
  | { kind: "raw"; data: string }
  | { kind: "closed"; code: number }
  | { kind: "half-open" };

/** Returns the events of a response in the order in which the server sends them, and writes the output onto `response`. */
export function writeScript(response: ModelResponse, reply: Reply, echo: Fields): ScriptLine[] {
  const script = new Script(response, reply, echo);
  for (const saying of reply.sayings) script.say(saying);
  script.end();
  if (reply.fault !== undefined) script.spoil(reply.fault);
  return script.lines;
}

class Script {
  readonly lines: ScriptLine[] = [];
  readonly #response: ModelResponse;
  readonly #reply: Reply;
  /** The lane, for servers that repeat it on every event. */
  readonly #echo: Fields;
  readonly #output: Fields[] = [];
  #pieces = 0;

  constructor(response: ModelResponse, reply: Reply, echo: Fields) {
    this.#response = response;
    this.#reply = reply;
    this.#echo = echo;
    const begun = { id: response.id, model: "simulated", status: "in_progress", output: [] };
    this.#event("created", { type: "response.created", response: begun });
    if (reply.leftOut !== "beginnings") this.#event("other", { type: "response.in_progress", response: begun });
    if (reply.noise === "unknown") this.#event("other", { type: "response.mood", mood: "fine", delta: "wrong" });
    if (reply.noise === "garbage") this.lines.push({ kind: "raw", data: "{not json" }, { kind: "raw", data: "[1,2]" });
  }

  say(saying: Saying): void {
    if (saying.kind === "thought") this.#think(saying.pieces, saying.encrypted);
    else if (saying.kind === "call") this.#call(saying);
    else this.#talk(saying.kind, saying.pieces);
  }

  end(): void {
    const { incomplete, noise, leftOut } = this.#reply;
    const response = this.#response;
    response.output = this.#output;
    const status = incomplete === undefined ? "completed" : "incomplete";
    const final: Fields = {
      id: response.id,
      model: "simulated",
      status,
      output: leftOut === "final output" ? [] : this.#output,
      usage: { input_tokens: 5, output_tokens: this.#pieces, total_tokens: 5 + this.#pieces },
    };
    if (incomplete !== undefined) final["incomplete_details"] = { reason: incomplete };
    if (noise === "error null") final["error"] = null;
    response.ending = status;
    response.incompleteReason = incomplete;
    this.#event("end", { type: `response.${status}`, response: final });
    if (noise === "private") this.#event("other", { type: "codex.rate_limits", rate_limits: { allowed: true } });
    if (noise === "terminal twice") this.#event("other", { type: `response.${status}`, response: final });
    if (noise === "error null") this.lines.push({ kind: "raw", data: '{"error":null,"ok":true}' });
  }

  /** Cuts the script at the fault and appends what the fault sends. */
  spoil(fault: Fault): void {
    if (fault.kind === "refused") return;
    const at = Math.round(fault.at * this.lines.length);
    if (fault.kind === "failed") {
      // A response that has ended cannot fail, and neither can one whose `response.created` was never sent.
      const end = this.lines.findIndex((line) => line.kind === "event" && line.role === "end");
      this.lines.splice(Math.min(Math.max(1, at), end));
      this.#fail(fault.form, fault.error, fault);
      return;
    }
    this.lines.splice(at);
    if (!this.lines.some((line) => line.kind === "event" && line.role === "end")) this.#response.ending = "lost";
    this.lines.push(fault.kind === "closed" ? { kind: "closed", code: fault.code } : { kind: "half-open" });
  }

  #fail(form: "event" | "failed" | "both", error: ServerError, { shape }: Extract<Fault, { kind: "failed" }>): void {
    this.#response.ending = "failed";
    if (form !== "failed") this.#event(form === "both" ? "other" : "end", errorEvent(error, shape));
    if (form === "event") return;
    const { code, message } = error;
    const response = { id: this.#response.id, status: "failed", output: [], error: { code, message } };
    this.#event("end", { type: "response.failed", response });
  }

  #talk(kind: "text" | "refusal", pieces: number): void {
    const index = this.#output.length;
    const id = `msg_${this.#response.id}_${index}`;
    this.#begin(index, { type: "message", id, role: "assistant", status: "in_progress", content: [] });
    const { leftOut } = this.#reply;
    let text = "";
    for (let left = pieces; left > 0; left -= 1) {
      const delta = `${this.#response.id}.${this.#pieces++} `;
      text += delta;
      if (leftOut === "deltas" || (leftOut === "late deltas" && left === 1)) continue;
      this.#event("output", {
        type: kind === "text" ? "response.output_text.delta" : "response.refusal.delta",
        item_id: id,
        output_index: index,
        content_index: 0,
        delta,
      });
    }
    this.#response.text += text;
    const part = kind === "text" ? { type: "output_text", text, annotations: [] } : { type: "refusal", refusal: text };
    this.#finish(index, { type: "message", id, role: "assistant", status: "completed", content: [part] });
  }

  #think(pieces: number, encrypted: boolean): void {
    const index = this.#output.length;
    const id = `rs_${this.#response.id}_${index}`;
    this.#begin(index, { type: "reasoning", id, summary: [] });
    for (let piece = 0; piece < pieces; piece += 1) {
      const at = { item_id: id, output_index: index, summary_index: piece };
      this.#event("output", { type: "response.reasoning_summary_text.delta", ...at, delta: "thinking " });
    }
    const summary = Array.from({ length: pieces }, () => ({ type: "summary_text", text: "thinking " }));
    const content = encrypted ? { encrypted_content: `secret_${id}` } : {};
    this.#finish(index, { type: "reasoning", id, summary, ...content });
  }

  #call({ name, arguments: args, valid }: Extract<Saying, { kind: "call" }>): void {
    const index = this.#output.length;
    const id = `fc_${this.#response.id}_${index}`;
    const callId = `call_${this.#response.id}_${index}`;
    this.#response.calls.push({ callId, name, arguments: args, valid });
    const item = { type: "function_call", id, call_id: callId, name };
    this.#begin(index, { ...item, status: "in_progress", arguments: "" });
    if (this.#reply.leftOut !== "deltas") {
      const half = Math.ceil(args.length / 2);
      for (const delta of [args.slice(0, half), args.slice(half)]) {
        const at = { item_id: id, output_index: index };
        this.#event("other", { type: "response.function_call_arguments.delta", ...at, delta });
      }
    }
    this.#finish(index, { ...item, status: "completed", arguments: args });
  }

  #begin(index: number, item: Fields): void {
    if (this.#reply.leftOut === "beginnings") return;
    this.#event("other", { type: "response.output_item.added", output_index: index, item });
  }

  #finish(index: number, item: Fields): void {
    this.#output.push(item);
    if (this.#reply.leftOut === "item dones") return;
    const role = item["type"] === "function_call" ? "other" : "output";
    this.#event(role, { type: "response.output_item.done", output_index: index, item });
  }

  #event(role: EventRole, fields: Fields): void {
    this.lines.push({ kind: "event", role, event: { ...fields, ...this.#echo } });
  }
}
