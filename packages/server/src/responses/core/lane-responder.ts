import { type ResponsesApiError, toApiError } from "../api-error.ts";
import type { EventSink } from "../events.ts";
import type { PendingFault } from "../../kit/index.ts";
import { type Fault, type FaultTarget, injectIntoTransport, RequestFaults } from "../faults/index.ts";
import { ContinuableResponses } from "./continuable-responses.ts";
import { generate, type Outcome } from "./generation.ts";
import type { LaneScheduler, QueuedRequest } from "./lane-scheduler.ts";
import { type CreateRequest, readRequest } from "./create-request.ts";
import type { ServerCore } from "./server-core.ts";
import { type SessionSocket, SocketSink } from "./socket-sink.ts";
import { requiredInput, Steering, SteerTarget } from "./steering.ts";
import { SuccessorSink } from "./successor-sink.ts";

/** Who has connected. */
export interface SessionOptions {
  readonly id: number;
  /** Whose connection it is; empty if the server needs no keys. */
  readonly owner: string;
  /** The faults that the client asked for when it connected. */
  readonly ownFaults: ReadonlyArray<PendingFault<Fault>>;
}

/** A request that is being answered: the client's, or one that steering has made. */
interface Exchange {
  readonly queued: QueuedRequest;
  readonly sink: SocketSink;
  /** The response whose queued input this continues. */
  readonly steered: SteerTarget | undefined;
  /** The number of the request on its connection. */
  readonly number: number;
}

/** Answers the requests of one connection, lane by lane: chains, forks, eviction, steering and its successors. */
export class LaneResponder {
  readonly #connection: SessionOptions;
  readonly #core: ServerCore;
  readonly #socket: SessionSocket;
  readonly #checkOpen: () => void;
  readonly #continuable: ContinuableResponses;
  readonly #steering: Steering;

  /** @param checkOpen Throws if the connection answers no more requests. */
  constructor(
    connection: SessionOptions,
    core: ServerCore,
    socket: SessionSocket,
    scheduler: LaneScheduler,
    checkOpen: () => void,
  ) {
    this.#connection = connection;
    this.#socket = socket;
    this.#checkOpen = checkOpen;
    this.#continuable = new ContinuableResponses(core.dialect.keeps);
    const newSink = (): SocketSink => this.#newSink(undefined);
    this.#steering = new Steering(core.newId, newSink, this.#continuable, scheduler);
    this.#core = core.dialect.responseIds === "per-connection" ? withOneResponseId(core) : core;
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
  async answer(queued: QueuedRequest, number: number): Promise<void> {
    const sink = this.#newSink(queued.lane.name);
    const steered = this.#steering.waiting(queued.lane, queued.record.body["previous_response_id"]);
    let exchange: Exchange | undefined = { queued, sink, steered, number };
    while (exchange !== undefined) {
      const { record } = queued;
      exchange = await this.#answerOne(exchange);
      this.#core.log.end(record);
    }
  }

  async #answerOne(exchange: Exchange): Promise<Exchange | undefined> {
    const { queued, sink } = exchange;
    const { signal } = queued.controller;
    const { id: connection, ownFaults } = this.#connection;
    const site = { transport: "websocket", connection, request: exchange.number } as const;
    const faults = new RequestFaults(this.#core, site, ownFaults, this.#faultTarget(sink), signal);
    try {
      if (!(await faults.before())) return this.#fail(exchange, "rejected");
      this.#checkOpen();
      const request = this.#read(exchange);
      const target = new SteerTarget(queued.lane, sink, this.#steerable(request));
      const outcome = await this.#generate(exchange, request, target, faults.around(sink));
      return this.#settle(exchange, outcome, target);
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
    const created = (id: string): void => {
      steered?.commit();
      this.#steering.add(target, id);
      if (this.#core.dialect.parentLeaves === "at-start") this.#continuable.leave(queued.lane);
    };
    const links = { created, ...(target.supported ? { steers: target } : {}) };
    return await generate(this.#core, request, sink, queued.record, queued.controller.signal, links);
  }

  #read({ queued, steered }: Exchange): CreateRequest {
    // Input that comes from now on would not be in this request.
    if (steered?.state === "waiting") steered.state = "completed";
    return readRequest(this.#core, queued.record.body, {
      transport: "websocket",
      owner: this.#connection.owner,
      kept: (id) => this.#continuable.find(id),
      ...(steered === undefined || queued.record.successorOf !== undefined ? {} : { steered: steered.items }),
    });
  }

  #steerable({ params, generate }: CreateRequest): boolean {
    const managed = (params.context_management?.length ?? 0) > 0;
    return generate && !managed && this.#core.dialect.steering.some((pattern) => fits(pattern, params.model));
  }

  /** Applies the outcome to the lane and to the input queued meanwhile. Returns the successor, if there is one. */
  #settle(exchange: Exchange, outcome: Outcome, target: SteerTarget): Exchange | undefined {
    if (outcome.status === "completed" || outcome.status === "steered") {
      if (this.#core.dialect.chains === "all") this.#continuable.put(exchange.queued.lane, outcome.completed);
      target.required = outcome.status === "completed" ? requiredInput(outcome.response.output) : [];
      if (target.required.length > 0) {
        target.state = "waiting";
        this.#steering.tellPending(target);
        return undefined;
      }
      target.state = outcome.status === "completed" ? "completed" : "ended";
      return target.size > 0 ? this.#successor(exchange, target) : undefined;
    }
    target.state = "ended";
    const { status } = outcome;
    const code = status === "cancelled" ? "response_not_active" : "successor_creation_failed";
    target.fail(code, `The response ended as ${status}: nothing continues from it.`);
    return status === "failed" || status === "rejected" ? this.#fail(exchange) : undefined;
  }

  /** The request that continues a response with the input queued for it. It inherits the settings. */
  #successor({ queued, number }: Exchange, parent: SteerTarget): Exchange {
    const inherited = { ...queued.record.body, previous_response_id: parent.id, input: parent.items };
    queued.record = this.#core.log.add({
      transport: "websocket",
      connection: this.#connection.id,
      lane: queued.lane.name,
      body: inherited,
      bytes: 0,
      successorOf: parent.id,
    });
    const sink = new SuccessorSink(this.#socket, this.#core.dialect.errors, parent);
    return { queued, sink, steered: parent, number };
  }

  /** Ends a request that came to nothing, or whose response failed: drops the parent and gives queued input back. */
  #fail({ queued, steered }: Exchange, status?: "rejected" | "cancelled", error?: ResponsesApiError): undefined {
    const { record, lane } = queued;
    if (status !== undefined) record.status = status;
    if (error !== undefined) record.errorCode = error.code;
    // A successor that was never created keeps its parent, and so does a cancelled request.
    const spared = record.successorOf !== undefined && record.responseId === undefined;
    if (!spared && status !== "cancelled") this.#continuable.evictParent(lane, record.body["previous_response_id"]);
    steered?.fail("successor_creation_failed", "The response that was to take up this input could not be created.");
  }

  #newSink(laneName: string | undefined): SocketSink {
    return new SocketSink(this.#socket, this.#core.dialect.errors, laneName);
  }

  #faultTarget(sink: SocketSink): FaultTarget {
    const socket = this.#socket;
    return {
      close: (code, reason) => socket.close(code, reason),
      reset: () => socket.reset(),
      freeze: () => socket.freeze(),
      raw: (text) => socket.send(text),
      evict: () => this.evict(),
      error: (error, shape, response) => sink.errorAs(error, shape, response),
    };
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
