import type { Fields, ModelResponse } from "../laws/ledger.ts";
import type { Mark } from "../world/network.ts";
import type { Reply } from "./reply.ts";
import type { Generation } from "./generation.ts";
import type { ServerHost } from "./host.ts";

/** Handles `response.steer` on one connection. */
export class Steering {
  readonly #host: ServerHost;
  readonly #send: (event: Fields, mark: Mark) => void;

  constructor(host: ServerHost, send: (event: Fields, mark: Mark) => void) {
    this.#host = host;
    this.#send = send;
  }

  steer(fields: Fields, generations: readonly Generation[]): void {
    const { steer } = this.#host.scenario.server;
    const id = String(fields["previous_response_id"]);
    const generation = generations.find(({ response }) => response.id === id);
    if (steer === "ignored") return;
    if (steer === "unknown event") {
      const message = "Invalid value: 'response.steer'. Supported values are: 'response.create'.";
      const error = { type: "invalid_request_error", code: "invalid_value", message, param: "type" };
      this.#send({ type: "error", status: 400, error }, { request: undefined, role: "cancel refused" });
    } else if (steer === "refused" || generation === undefined) {
      const code = steer === "refused" ? "steering_not_supported" : "response_already_completed";
      const error = { type: "invalid_request_error", code, message: "It cannot be steered." };
      const failed = { previous_response_id: id, input: fields["input"] };
      const event = { type: "response.steer.failed", error, steer: failed, ...this.#echo(id) };
      this.#send(event, { request: undefined, role: "other" });
    } else {
      const accepted = { id: `steer_${id}_${generation.steers.length}`, previous_response_id: id };
      generation.steers.push(fields["input"]);
      this.#tell(generation, { type: "response.steer.accepted", steer: accepted }, "other");
    }
  }

  /** Ends a steered response where it is. Returns its successor; undefined if the steering input cannot be applied. */
  turnsOff(generation: Generation): ModelResponse | undefined {
    const { response, steers, lines, next } = generation;
    const begun = lines.slice(0, next).some((line) => line.kind === "event" && line.role === "created");
    if (steers.length === 0 || !begun || !isPlain(response.request.reply)) return undefined;
    if (!lines.slice(next).some((line) => line.kind === "event" && line.role === "end")) return undefined;
    const items = toldItems(generation);
    response.output = items;
    response.text = items.map(({ content }) => content[0]!.text).join("");
    response.ending = "incomplete";
    response.incompleteReason = "steered";
    response.after = response.request.view.withItems(response.output);
    const details = { incomplete_details: { reason: "steered" } };
    const ended = { id: response.id, status: "incomplete", output: response.output, ...details };
    this.#tell(generation, { type: "response.incomplete", response: ended }, "other");
    return this.#host.newSuccessor(response, steers.flatMap(asMessages));
  }

  /**
   * Settles the steering input that was not applied: a response with calls passes it on with their outputs; otherwise the
   * server refuses it.
   */
  ended(generation: Generation): void {
    const { response, steers } = generation;
    if (steers.length === 0) return;
    const ids = { id: `steer_${response.id}_0`, previous_response_id: response.id };
    if (response.ending !== "completed" || response.calls.length === 0) {
      const error = { type: "invalid_request_error", code: "response_already_completed", message: "It was too late." };
      const steer = { ...ids, input: steers[0] };
      this.#tell(generation, { type: "response.steer.failed", error, steer }, "other");
      return;
    }
    response.pendingSteers = steers.flatMap(asMessages);
    const stubs = response.calls.map(({ callId }) => ({ type: "function_call_output", call_id: callId }));
    const pending = { reason: "waiting_for_required_input", required_input: stubs, steer: ids };
    this.#tell(generation, { type: "response.steer.pending", ...pending }, "other");
  }

  #tell({ response }: Generation, event: Fields, role: Mark["role"]): void {
    this.#send({ ...event, ...this.#echo(response.id) }, { request: response.request, role });
  }

  #echo(responseId: string): Fields {
    const lane = this.#host.responses.get(responseId)?.request.lane;
    return lane === undefined || this.#host.scenario.server.lanes !== "known" ? {} : { stream_id: lane };
  }
}

/** Whether the reply is only text and its deltas carry all of it. */
function isPlain({ sayings, leftOut }: Reply): boolean {
  return sayings.every(({ kind }) => kind === "text") && leftOut !== "deltas" && leftOut !== "late deltas";
}

function asMessages(input: unknown): unknown[] {
  return Array.isArray(input) ? input : [{ type: "message", role: "user", content: input }];
}

/** The messages, cut to the part that the client has been sent. */
function toldItems({ lines, next }: Generation): SteeredItem[] {
  const items = new Map<unknown, SteeredItem>();
  for (const line of lines.slice(0, next)) {
    if (line.kind !== "event" || line.role !== "output") continue;
    const { type, delta, item_id: id, output_index: index } = line.event;
    if (type !== "response.output_text.delta" && type !== "response.refusal.delta") continue;
    const item = items.get(index) ?? steeredItem(String(id));
    item.content[0]!.text += String(delta);
    items.set(index, item);
  }
  return [...items.values()];
}

interface SteeredItem {
  type: "message";
  id: string;
  role: "assistant";
  status: "incomplete";
  content: Array<{ type: "output_text"; text: string; annotations: [] }>;
}

function steeredItem(id: string): SteeredItem {
  const content: SteeredItem["content"] = [{ type: "output_text", text: "", annotations: [] }];
  return { type: "message", id, role: "assistant", status: "incomplete", content };
}
