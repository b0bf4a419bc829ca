import { defined } from "turnwire/internal";
import { type ResponsesApiError, toApiError } from "../api-error.ts";
import type { EventSink } from "../events.ts";
import type { PendingFault } from "../../kit/index.ts";
import {
  type Fault,
  faultsAt,
  type FaultTarget,
  FaultySink,
  injectIntoRequest,
  injectIntoTransport,
} from "../faults/index.ts";
import { ContinuableResponses } from "./continuable-responses.ts";
import { generate, type GenerationContext, type Outcome } from "./generation.ts";
import type { LaneScheduler, QueuedRequest } from "./lane-scheduler.ts";
import { type CompletedResponse, type CreateRequest, readRequest } from "./create-request.ts";
import type { ServerCore } from "./server-core.ts";
import { type SessionSocket, SocketSink } from "./socket-sink.ts";
import { requiredInput, Steering, SteerTarget } from "./steering.ts";
import { storeResponse } from "./stored.ts";

export interface LaneResponderOptions {
  readonly core: ServerCore;
  readonly connection: number;
  /** Whose connection it is; empty if the server needs no keys. */
  readonly owner: string;
  readonly socket: SessionSocket;
  readonly scheduler: LaneScheduler;
  /** The faults that the client asked for when it connected. */
  readonly ownFaults: ReadonlyArray<PendingFault<Fault>>;
  /** Throws if the connection answers no more requests. */
  checkOpen(): void;
}

/** A request that is being answered: the client's, or one that steering has made. */
interface Exchange {
  readonly queued: QueuedRequest;
  readonly body: Record<string, unknown>;
  readonly sink: SocketSink;
  /** The response whose queued input this continues. */
  readonly steered: SteerTarget | undefined;
  /** The number of the request on its connection. */
  readonly number: number;
}

/** How many pieces of steering input can wait for one response. The API does not say what its own limit is. */
const maxPendingSteers = 16;

/** Answers the requests of one connection, lane by lane: chains, forks, eviction, steering and its successors. */
export class LaneResponder {
  readonly #options: LaneResponderOptions;
  readonly #continuable: ContinuableResponses;
  readonly #steering: Steering;
  readonly #context: GenerationContext;

  constructor(options: LaneResponderOptions) {
    const { core, scheduler } = options;
    this.#options = options;
    this.#continuable = new ContinuableResponses(core.dialect.keeps);
    this.#steering = new Steering({
      newId: core.newId,
      maxPending: maxPendingSteers,
      newSink: () => this.#newSink(undefined),
      isKept: (id) => this.#continuable.find(id) !== undefined,
      isContinued: (target) => scheduler.continues(target.lane, target.id),
    });
    this.#context = core.dialect.responseIds === "per-connection" ? withOneResponseId(core) : core;
  }

  steer(event: Record<string, unknown>): void {
    this.#steering.receive(event);
  }

  /** Forgets every response that could be continued. */
  evict(): void {
    this.#continuable.clear();
    this.#steering.giveBackLost();
  }

  /** Injects a fault that concerns the connection, not one of its requests. */
  inject(fault: Fault): void {
    injectIntoTransport(fault, this.#faultTarget(this.#newSink(undefined)));
  }

  /** Answers the connection's `number`th request, and the successors that steering gives it. Never rejects. */
  async answer(queued: QueuedRequest, body: Record<string, unknown>, number: number): Promise<void> {
    const { core } = this.#options;
    const sink = this.#newSink(queued.lane.name);
    const steered = this.#steering.waiting(queued.lane, body["previous_response_id"]);
    let exchange: Exchange | undefined = { queued, body, sink, steered, number };
    while (exchange !== undefined) {
      const { record } = queued;
      exchange = await this.#answerOne(exchange);
      core.log.end(record);
    }
  }

  async #answerOne(exchange: Exchange): Promise<Exchange | undefined> {
    const { queued, sink } = exchange;
    const { signal } = queued.controller;
    const on = this.#faultTarget(sink);
    try {
      if (!(await this.#injectAtRequest(exchange, on))) return this.#fail(exchange);
      this.#options.checkOpen();
      const request = this.#read(exchange);
      const target = new SteerTarget(queued.lane, sink, this.#steerable(request));
      const outcome = await this.#generate(exchange, request, target, this.#withFaults(exchange, on));
      return this.#settle(exchange, request, outcome, target);
    } catch (error) {
      if (signal.aborted) return this.#fail(exchange, "cancelled");
      sink.error(toApiError(error));
      return this.#fail(exchange, "rejected", toApiError(error));
    } finally {
      this.#steering.giveBackLost();
    }
  }

  async #generate(exchange: Exchange, request: CreateRequest, target: SteerTarget, sink: EventSink): Promise<Outcome> {
    const { queued, steered } = exchange;
    const { record } = queued;
    const { signal } = queued.controller;
    record.conversation = request.conversation;
    record.tools = request.tools;
    if (request.instructions !== null) record.instructions = request.instructions;
    const created = (id: string): void => {
      steered?.commit();
      this.#steering.add(target, id);
      if (this.#options.core.dialect.parentLeaves === "at-start") this.#continuable.leave(queued.lane);
    };
    const links = { created, ...(target.supported ? { steers: target } : {}) };
    const outcome = await generate(this.#context, request, sink, record, signal, links);
    await sink.settled?.(signal);
    return outcome;
  }

  #read({ queued, body, steered }: Exchange): CreateRequest {
    // Input that comes from now on would not be in this request.
    if (steered?.state === "waiting") steered.state = "completed";
    const { core, owner } = this.#options;
    const { models, dialect, promptCache } = core;
    return readRequest(body, {
      transport: "websocket",
      dialect,
      promptCache,
      owner,
      find: (id) => this.#find(id),
      ...defined({ models }),
      ...(steered === undefined || queued.record.successorOf !== undefined ? {} : { steered: steered.items }),
    });
  }

  #find(id: string): CompletedResponse | undefined {
    const kept = this.#continuable.find(id);
    if (kept !== undefined) return kept;
    const { core, owner } = this.#options;
    const stored = core.store.get(id);
    return stored?.owner === owner ? stored.completed : undefined;
  }

  #steerable({ params, generate }: CreateRequest): boolean {
    const managed = (params.context_management?.length ?? 0) > 0;
    return generate && !managed && this.#options.core.dialect.steering.some((pattern) => fits(pattern, params.model));
  }

  /** Applies the outcome to the lane and to the input queued meanwhile. Returns the successor, if there is one. */
  #settle(exchange: Exchange, request: CreateRequest, outcome: Outcome, target: SteerTarget): Exchange | undefined {
    const { core, owner } = this.#options;
    storeResponse(core, request, outcome, owner);
    if (outcome.status === "completed" || outcome.status === "steered") {
      if (core.dialect.chains === "all") this.#continuable.put(exchange.queued.lane, outcome.completed);
      target.required = outcome.status === "completed" ? requiredInput(outcome.response.output) : [];
      if (target.required.length > 0) return this.#wait(target);
      target.state = outcome.status === "completed" ? "completed" : "ended";
      return target.size > 0 ? this.#successor(exchange, target) : undefined;
    }
    target.state = "ended";
    const { status } = outcome;
    const code = status === "cancelled" ? "response_not_active" : "successor_creation_failed";
    target.fail(code, `The response ended as ${status}: nothing continues from it.`);
    return status === "failed" || status === "rejected" ? this.#fail(exchange) : undefined;
  }

  #wait(target: SteerTarget): undefined {
    target.state = "waiting";
    if (!this.#options.scheduler.continues(target.lane, target.id)) target.tellPending();
  }

  /** The request that continues a response with the input queued for it. It inherits the settings. */
  #successor({ queued, body, number }: Exchange, parent: SteerTarget): Exchange {
    const inherited = { ...body, previous_response_id: parent.id, input: parent.items };
    const { core, connection, socket } = this.#options;
    queued.record = core.log.add({
      transport: "websocket",
      connection,
      lane: queued.lane.name,
      body: inherited,
      bytes: 0,
      successorOf: parent.id,
    });
    const sink = new SuccessorSink(socket, core.dialect.errors, parent);
    return { queued, body: inherited, sink, steered: parent, number };
  }

  /** Ends a request that came to nothing, or whose response failed: drops the parent and gives queued input back. */
  #fail({ queued, body, steered }: Exchange, status?: "rejected" | "cancelled", error?: ResponsesApiError): undefined {
    const { record, lane } = queued;
    if (status !== undefined) record.status = status;
    if (error !== undefined) record.errorCode = error.code;
    // A successor that was never created keeps its parent, and so does a cancelled request.
    const spared = record.successorOf !== undefined && record.responseId === undefined;
    if (!spared && status !== "cancelled") this.#continuable.evictParent(lane, body["previous_response_id"]);
    steered?.fail("successor_creation_failed", "The response that was to take up this input could not be created.");
  }

  #newSink(laneName: string | undefined): SocketSink {
    const { core, socket } = this.#options;
    return new SocketSink(socket, core.dialect.errors, laneName);
  }

  #faultTarget(sink: SocketSink): FaultTarget {
    const { socket } = this.#options;
    return {
      close: (code, reason) => socket.close(code, reason),
      reset: () => socket.reset(),
      freeze: () => socket.freeze(),
      raw: (text) => socket.send(text),
      evict: () => this.evict(),
      error: (error, shape, response) => sink.errorAs(error, shape, response),
    };
  }

  async #injectAtRequest({ queued, number }: Exchange, on: FaultTarget): Promise<boolean> {
    const faults = this.#faultsAt("request", number);
    if (faults.length === 0) return true;
    if (await injectIntoRequest(faults, on, this.#options.core.clock, queued.controller.signal)) return true;
    queued.record.status = "rejected";
    return false;
  }

  #withFaults({ sink, queued, number }: Exchange, on: FaultTarget): EventSink {
    const faults = this.#faultsAt("event", number);
    if (faults.length === 0) return sink;
    return new FaultySink(sink, faults, on, this.#options.core.clock, queued.controller.signal);
  }

  #faultsAt(stage: "request" | "event", request: number): Array<PendingFault<Fault>> {
    const { core, connection, ownFaults } = this.#options;
    return faultsAt(core.faults, stage, { transport: "websocket", connection, request }, ownFaults);
  }
}

/** Sends the events of a successor. If it fails before the first, the input is given back in place of an error. */
class SuccessorSink extends SocketSink {
  readonly #parent: SteerTarget;

  constructor(socket: SessionSocket, shape: ServerCore["dialect"]["errors"], parent: SteerTarget) {
    super(socket, shape, parent.lane.name);
    this.#parent = parent;
  }

  override error(error: ResponsesApiError): void {
    if (this.started) return super.error(error);
    this.#parent.fail(
      "successor_creation_failed",
      `The response that was to follow could not be created: ${error.message}`,
    );
  }
}

function withOneResponseId(core: ServerCore): ServerCore {
  let id: string | undefined;
  return { ...core, newId: (prefix) => (prefix === "resp" ? (id ??= core.newId(prefix)) : core.newId(prefix)) };
}

/** Whether a name fits a pattern, in which a trailing `*` stands for anything. */
function fits(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
