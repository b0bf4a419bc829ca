import { BoundedQueue } from "../../async/index.ts";
import { WebsocketClosedError } from "../../errors.ts";
import { isObject, type RawEvent } from "../../protocol/index.ts";
import type { WebsocketConnection } from "../../websocket/index.ts";
import type { ContinuableResponse } from "../request/index.ts";
import type { Conversation } from "../request/index.ts";
import { type Steer, SteerLedger } from "../response/index.ts";
import type { SteerableStream } from "../response/index.ts";
import type { Lane } from "./lanes.ts";
import type { Tenant } from "./tenant.ts";
import { advance, firstPhase, type Phase, responseIdOf } from "./phase.ts";

const queueCapacity = 1024;

// Shared by all exchanges: an error records its stack, which costs more than the rest of an exchange's end.
const exchangeOver = new WebsocketClosedError(1000, "the exchange is over");

/** The side of a connection that its exchanges use. */
export interface ExchangeHost {
  readonly connection: WebsocketConnection;
  /** Asks the server to end a response early, unless the server is known to refuse. */
  cancel(responseId: string): void;
  /** The exchange's queue has become full, or has room again. */
  onBacklog(): void;
  /** The exchange has no reader any more, and is not over. */
  onLeft(exchange: Exchange): void;
  /** Nothing of the exchange can follow: its lane is free. `responseId`: its last response. */
  onEnded(exchange: Exchange, responseId: string | undefined): void;
  /** Whether a response belonged to an exchange that is over. */
  isPast(responseId: unknown): boolean;
}

/** The reader of the events: a turn; background work, which is abandoned when a turn needs the lane; or no reader any more. */
export type Reader = "turn" | "background" | "nobody";

export interface ExchangePlace {
  lane: Lane;
  tenant: Tenant;
  conversation: Conversation;
  /** The response to continue, and the lane that keeps it. */
  parent: { holder: Lane; responseId: string } | undefined;
  reader: Reader;
}

/** One request and its events on a lane. After its reader has left, its events are dropped until it is over. */
export class Exchange implements SteerableStream {
  readonly lane: Lane;
  readonly steers = new SteerLedger();
  readonly #host: ExchangeHost;
  readonly #place: ExchangePlace;
  readonly #queue: BoundedQueue<RawEvent>;
  #phase: Phase = firstPhase;
  #reader: Reader;
  /** The other lane that keeps the response to continue: it must not move on before the server has found it. */
  #held: Lane | undefined;

  constructor(host: ExchangeHost, place: ExchangePlace) {
    this.#host = host;
    this.#place = place;
    this.lane = place.lane;
    this.#reader = place.reader;
    const onBacklog = (): void => host.onBacklog();
    this.#queue = new BoundedQueue({ capacity: queueCapacity, onFull: onBacklog, onDrained: onBacklog });
    this.lane.occupy();
    if (place.parent !== undefined && place.parent.holder !== this.lane) this.#held = place.parent.holder;
    this.#held?.hold();
  }

  get connection(): WebsocketConnection {
    return this.#host.connection;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get reader(): Reader {
    return this.#reader;
  }

  get tenant(): Tenant {
    return this.#place.tenant;
  }

  /** Whether more events wait than its reader can keep up with. */
  get isFull(): boolean {
    return this.#queue.isFull;
  }

  /** @throws WebsocketClosedError */
  send(message: string): void {
    this.#phase = advance(this.#phase, { kind: "send" });
    this.connection.send(message);
  }

  steer(message: string, steer: Steer): boolean {
    // Between two attempts the turn has no exchange: the steer waits for the next one.
    if (!this.connection.isOpen || this.#reader === "nobody" || this.#phase.kind === "closed") return false;
    this.steers.add(steer);
    this.connection.send(message);
    return true;
  }

  /** Whether all events that have come were taken. */
  get isEmpty(): boolean {
    return this.#queue.size === 0;
  }

  /** The next event if it has come already. */
  poll(): RawEvent | undefined {
    return this.#queue.poll();
  }

  /** The next event. Rejects with the signal's reason, or after the last event with the WebsocketClosedError. */
  receive(signal?: AbortSignal): Promise<RawEvent> {
    return this.#queue.pull(signal);
  }

  /** Rejects the pending `receive` with `reason`. No event is lost. */
  interrupt(reason: unknown): void {
    this.#queue.interrupt(reason);
  }

  /** Takes an event of this exchange. */
  deliver(event: RawEvent): void {
    if (this.#phase.kind === "closed" || (event.kind === "terminal" && this.#isForeign(event))) return;
    if (event.kind !== "created") this.#releaseParent();
    if (event.kind !== "text" && event.kind !== "other") this.#advanceBy(event);
    if (this.#reader !== "nobody") return void this.#queue.push(event);
    this.#drop(event);
    if (this.#isOver()) this.#close();
  }

  /** The reply has been read to its end. @param latest What the lane keeps of it; by default what it kept before. */
  end(latest?: ContinuableResponse): void {
    if (this.#phase.kind === "closed") return;
    if (latest !== undefined) this.lane.keep(latest);
    // A steer may still bring a successor.
    if (this.#phase.kind === "settling") this.#leave();
    else this.abandon();
  }

  /** The server has ended the request with an error. It forgets the response that it was to continue on the same lane. */
  fail(): void {
    if (this.#place.parent?.holder === this.lane) this.lane.keep(undefined);
    this.end();
  }

  /** The server no longer has the response to continue. */
  forgetParent(): void {
    const { parent } = this.#place;
    if (parent !== undefined) parent.holder.forget(parent.responseId);
  }

  /** Leaves the reply: sends a cancel if the server honours cancels, and drops the remaining events. */
  abandon(): void {
    if (this.#phase.kind === "closed" || this.#reader === "nobody") return;
    if (this.#phase.kind === "streaming") this.#host.cancel(this.#phase.responseId);
    this.#leave();
  }

  /** The connection has ended. */
  lose(error: WebsocketClosedError): void {
    this.#queue.close(error);
    if (this.#reader === "nobody") this.#close();
  }

  #leave(): void {
    this.#reader = "nobody";
    for (let event = this.#queue.poll(); event !== undefined; event = this.#queue.poll()) this.#drop(event);
    if (this.#isOver()) this.#close();
    else this.#host.onLeft(this);
  }

  #isOver(): boolean {
    if (this.#phase.kind === "reserved" || !this.connection.isOpen) return true;
    return this.#phase.kind === "settling" && !this.steers.isOpen;
  }

  #drop(event: RawEvent): void {
    if (event.kind === "text" && typeof event["delta"] === "string") {
      this.tenant.wastedCharacters += event["delta"].length;
    }
    if (event.kind === "terminal") this.#keep(event);
  }

  #isForeign(event: RawEvent): boolean {
    if (this.#phase.kind === "settling") return true;
    const [own, id] = [responseIdOf(this.#phase), responseOf(event)["id"]];
    return own === undefined ? this.#host.isPast(id) : id !== own;
  }

  #releaseParent(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  #advanceBy(event: RawEvent): void {
    switch (event.kind) {
      case "created":
        return this.#onCreated(responseOf(event)["id"]);
      case "terminal": {
        const { id } = responseOf(event);
        const responseId = typeof id === "string" ? id : undefined;
        this.#phase = advance(this.#phase, { kind: "terminal", responseId });
        break;
      }
      case "error":
        if (this.#phase.kind !== "sent") this.steers.onError();
        this.#phase = advance(this.#phase, { kind: "error" });
        break;
      case "steer":
      case "refused-steer":
        this.steers.onSteerEvent(event);
        break;
      default:
    }
  }

  #onCreated(responseId: unknown): void {
    if (typeof responseId !== "string") return;
    if (this.#phase.kind === "settling") this.steers.onSuccessor(responseId);
    this.#phase = advance(this.#phase, { kind: "created", responseId });
    if (this.#reader === "nobody") this.#host.cancel(responseId);
  }

  /** An abandoned reply ran to its end: it is the lane's latest response, and the one before is gone. */
  #keep(event: RawEvent): void {
    const { id, status, output } = responseOf(event);
    if (event.type !== "response.completed" || status === "cancelled") return;
    // Some servers leave the output out of the last event; what came before it has not been kept.
    const isWhole = typeof id === "string" && Array.isArray(output) && output.length > 0 && !this.steers.isUsed;
    const { conversation } = this.#place;
    this.lane.keep(isWhole ? { responseId: id, conversation, parts: [{ kind: "output", items: output }] } : undefined);
  }

  #close(): void {
    const responseId = responseIdOf(this.#phase);
    this.#phase = advance(this.#phase, { kind: "close" });
    this.#releaseParent();
    this.#queue.close(exchangeOver);
    this.lane.vacate();
    this.#host.onEnded(this, responseId);
  }
}

const noResponse: Record<string, unknown> = {};

function responseOf(event: RawEvent): Record<string, unknown> {
  return isObject(event["response"]) ? event["response"] : noResponse;
}
