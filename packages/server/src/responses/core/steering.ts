import type {
  ResponseSteerErrorCode,
  ResponseSteerInput,
  ResponseSteerRequiredInput,
  ResponseInputItem,
  ResponseOutputItem,
} from "openai/resources/responses/responses";
import { invalidRequest } from "../api-error.ts";
import { itemsOf } from "../input-items.ts";
import { steerInputProblem } from "../validation/index.ts";
import type { EventSink } from "../events.ts";
import type { IdSource } from "./ids.ts";
import type { ContinuableResponses } from "./continuable-responses.ts";
import type { Lane, LaneScheduler } from "./lane-scheduler.ts";

/** Input for a running response. The server owns it until it is committed or given back. */
interface Steer {
  readonly id: string;
  readonly input: ResponseSteerInput;
}

/** The queued input as a running response sees it. */
export interface SteerInbox {
  /** How many pieces of input wait. */
  readonly size: number;
  /** Resolves when the first has come. */
  readonly arrived: Promise<void>;
}

/**
 * `active`: it is being generated. `waiting`: it is complete and wants tool outputs from the client.
 * `completed`: nothing can be added any more. `ended`: it failed, was cancelled or was cut short.
 */
type SteerableState = "active" | "waiting" | "completed" | "ended";

/** A response that can be steered. */
export class SteerTarget implements SteerInbox {
  readonly lane: Lane;
  readonly sink: EventSink;
  readonly supported: boolean;
  state: SteerableState = "active";
  id = "";
  required: readonly ResponseSteerRequiredInput[] = [];
  #steers: Steer[] = [];
  /** Made on demand: a connection remembers many targets, and most are never awaited. */
  #arrival: PromiseWithResolvers<void> | undefined;

  constructor(lane: Lane, sink: EventSink, supported: boolean) {
    this.lane = lane;
    this.sink = sink;
    this.supported = supported;
  }

  get arrived(): Promise<void> {
    this.#arrival ??= Promise.withResolvers();
    if (this.size > 0) this.#arrival.resolve();
    return this.#arrival.promise;
  }

  get size(): number {
    return this.#steers.length;
  }

  /** The queued input as items, in the order in which it came. */
  get items(): ResponseInputItem[] {
    return this.#steers.flatMap(({ input }) => itemsOf(input));
  }

  accept(steer: Steer): void {
    this.#steers.push(steer);
    this.sink.event({ type: "response.steer.accepted", steer: { id: steer.id, previous_response_id: this.id } });
    this.#arrival?.resolve();
  }

  /** Tells the client what each piece of input from the `from`th on waits for. */
  tellPending(from: number): void {
    for (const { id } of this.#steers.slice(from)) {
      this.sink.event({
        type: "response.steer.pending",
        steer: { id, previous_response_id: this.id },
        reason: "waiting_for_required_input",
        required_input: [...this.required],
      });
    }
  }

  /** Forgets the input, which has become part of a response. */
  commit(): void {
    this.#steers = [];
  }

  /** Gives the input back to the client. */
  fail(code: ResponseSteerErrorCode, message: string): void {
    const steers = this.#steers;
    this.#steers = [];
    for (const { id, input } of steers) {
      sendFailure(this.sink, { id, input, previous_response_id: this.id }, code, message);
    }
  }
}

/** How many pieces of input can wait for one response. The API does not say what its own limit is. */
const maxPending = 16;
/** How many responses of a connection are remembered, to tell why they cannot be steered. */
const rememberedTargets = 64;

/** The steering of one connection: its responses and the input that is queued for them. */
export class Steering {
  readonly #newId: IdSource;
  readonly #newSink: () => EventSink;
  readonly #continuable: ContinuableResponses;
  readonly #scheduler: LaneScheduler;
  readonly #targets = new Map<string, SteerTarget>();

  /** @param newSink Makes a sink for failures that concern no response. */
  constructor(newId: IdSource, newSink: () => EventSink, continuable: ContinuableResponses, scheduler: LaneScheduler) {
    this.#newId = newId;
    this.#newSink = newSink;
    this.#continuable = continuable;
    this.#scheduler = scheduler;
  }

  /** Adds a response, which can be steered from now on. */
  add(target: SteerTarget, id: string): void {
    target.id = id;
    this.#targets.set(id, target);
    if (this.#targets.size <= rememberedTargets) return;
    for (const [old, { state }] of this.#targets) {
      if (state === "active" || state === "waiting") continue;
      this.#targets.delete(old);
      return;
    }
  }

  /** Answers a `response.steer`. Throws only for one that names no response at all. */
  receive(event: Record<string, unknown>): void {
    const id = event["previous_response_id"];
    if (typeof id !== "string") {
      const message = "Missing required parameter: 'previous_response_id', the id of the response to steer.";
      throw invalidRequest("previous_response_id", message, "missing_required_parameter");
    }
    const target = this.#targets.get(id);
    const input = (event["input"] ?? "") as ResponseSteerInput;
    const problem = steerInputProblem(event);
    const refusal = problem === undefined ? this.#refusal(target) : (["invalid_input", problem] as const);
    if (refusal !== undefined) {
      const [code, message] = refusal;
      return sendFailure(target?.sink ?? this.#newSink(), { input, previous_response_id: id }, code, message);
    }
    const known = target as SteerTarget;
    known.accept({ id: this.#newId("steer"), input });
    if (known.state === "waiting") this.tellPending(known, known.size - 1);
  }

  /** Tells the client what the input from the `from`th on waits for, unless a request that brings it waits on the lane. */
  tellPending(target: SteerTarget, from = 0): void {
    if (!this.#scheduler.continues(target.lane, target.id)) target.tellPending(from);
  }

  /** The response that a request of the lane continues, if it waits for tool outputs. */
  waiting(lane: Lane, id: unknown): SteerTarget | undefined {
    const target = typeof id === "string" ? this.#targets.get(id) : undefined;
    return target?.state === "waiting" && target.lane === lane ? target : undefined;
  }

  /** Gives back the input of responses that can no longer be continued. */
  giveBackLost(): void {
    for (const target of this.#targets.values()) {
      if (target.state !== "waiting" || this.#continuable.find(target.id) !== undefined) continue;
      target.state = "completed";
      target.fail("response_not_active", "The lane has gone on without the response that this input was queued for.");
    }
  }

  #refusal(target: SteerTarget | undefined): readonly [ResponseSteerErrorCode, string] | undefined {
    if (target === undefined) return ["response_not_found", "No such response is available on this connection."];
    if (!target.supported) {
      return ["steering_not_supported", "The model or the parameters of this response do not support steering."];
    }
    if (target.state === "completed") {
      return ["response_already_completed", "The response has completed. Send the input with 'response.create'."];
    }
    if (target.state === "ended") {
      return ["response_not_active", "The response has ended. Send the input with 'response.create'."];
    }
    if (target.size < maxPending) return undefined;
    const message = `At most ${maxPending} pieces of steering input can be pending for a response.`;
    return ["too_many_pending_steers", message];
  }
}

function sendFailure(
  sink: EventSink,
  steer: { id?: string; input: ResponseSteerInput; previous_response_id: string },
  code: ResponseSteerErrorCode,
  message: string,
): void {
  const error = { type: "invalid_request_error", code, message } as const;
  sink.event({ type: "response.steer.failed", steer, error });
}

/** What the client has to send before a completed response can go on. */
export function requiredInput(output: readonly ResponseOutputItem[]): ResponseSteerRequiredInput[] {
  return output.flatMap((item) =>
    item.type === "function_call"
      ? [{ type: "function_call_output" as const, call_id: item.call_id, name: item.name }]
      : [],
  );
}
