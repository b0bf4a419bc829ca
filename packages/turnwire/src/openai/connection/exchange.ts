import { BoundedQueue } from "../../async/index.ts";
import { WebsocketClosedError } from "../../errors.ts";
import { isErrorEvent, isObject, isTerminalEvent, type RawEvent } from "../../protocol/index.ts";
import type { MessageLink } from "../../llm/index.ts";
import type { WebsocketConnection } from "../../websocket/index.ts";
import type { Conversation } from "../request/conversation.ts";
import type { ContinuableResponse, ResponseHolder } from "../request/continuation.ts";

/** A `stream_id` of a connection: one exchange at a time, and the server keeps its latest completed response. */
export class Lane implements ResponseHolder {
  /** Undefined for the default lane. */
  name: string | undefined;
  /** Whose turns it carries: another's would push out the response it keeps. */
  owner: object | undefined;
  latest: ContinuableResponse | undefined;
  exchange: Exchange | undefined;
  /** Responses on other lanes that are about to continue this one's: until they have begun, it must not move on. */
  forks = 0;
  usedAt = 0;

  constructor(name: string | undefined, owner: object | undefined) {
    this.name = name;
    this.owner = owner;
  }

  get isFree(): boolean {
    return this.exchange === undefined && this.forks === 0;
  }
}

const queueCapacity = 1024;
const noResponse: Record<string, unknown> = {};

// One for all: an error holds the stack it was made on, which costs more than the rest of an exchange's end.
const exchangeOver = new WebsocketClosedError(1000, "the exchange is over");

/** What an exchange needs of the connection it goes over. */
export interface ExchangeHost {
  readonly connection: WebsocketConnection;
  /** Asks the server to end a response early, unless it is known to refuse. */
  cancel(responseId: string): void;
  /** Something is being said to a running response. */
  onSteer(): void;
  /** No turn waits for an exchange any more. */
  onAbandoned(): void;
  /** Nothing of the exchange can follow: its lane is free. */
  onEnded(exchange: Exchange): void;
  /** Whether a response has been over before. */
  isPast(responseId: unknown): boolean;
}

/** One request and its answer on a lane. Once abandoned, what comes of it is dropped until it is over. */
export class Exchange implements MessageLink<RawEvent> {
  readonly lane: Lane;
  /** Whose turn it is. */
  readonly owner: object | undefined;
  readonly conversation: Conversation;
  /** Nobody waits for it: it may be left for a turn. */
  readonly inBackground: boolean;
  responseId: string | undefined;
  abandoned = false;
  /** Whether something was said to the running response. */
  isSteered = false;
  /** Whether the last response that has come was ended by the server, read or not. */
  hasResponseEnded = false;
  /** Called with the characters of text that come after it was abandoned. */
  onWasted: (characters: number) => void = () => undefined;
  readonly #host: ExchangeHost;
  readonly #queue = new BoundedQueue<RawEvent>({ capacity: queueCapacity });
  /** The lane whose response is about to be continued: it must not move on before that. */
  #source: Lane | undefined;
  /** What was said to the running response that the server has neither refused nor taken into a successor. */
  #steersOpen = 0;
  /** Those of them that the server has not accepted either. */
  #steersUnanswered = 0;
  #sent = false;
  /** The response has ended, and another one may follow. */
  #hasEnded = false;
  #ended = false;

  /** @param place `source`: the lane whose response this one continues, if it is another. */
  constructor(
    host: ExchangeHost,
    place: { lane: Lane; source: Lane | undefined; conversation: Conversation; inBackground: boolean },
  ) {
    this.#host = host;
    this.lane = place.lane;
    this.owner = place.lane.owner;
    this.conversation = place.conversation;
    this.inBackground = place.inBackground;
    this.#source = place.source;
    if (place.source !== undefined) place.source.forks += 1;
  }

  get connection(): WebsocketConnection {
    return this.#host.connection;
  }

  /** Whether a turn waits for the answer. */
  get isLive(): boolean {
    return !this.#ended && !this.abandoned;
  }

  /** Whether the server owes an answer to something that was said to the running response. */
  get awaitsSteering(): boolean {
    return this.#steersOpen > 0;
  }

  /** Whether nothing of it can follow. */
  get isOver(): boolean {
    return this.#ended;
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  /** Resolves once the turn has caught up. */
  space(): Promise<void> {
    return this.#queue.space();
  }

  send(message: string): void {
    this.#sent = true;
    this.connection.send(message);
  }

  /** Says something to the running response. */
  steer(message: string): void {
    this.isSteered = true;
    this.#steersOpen += 1;
    this.#steersUnanswered += 1;
    this.#host.onSteer();
    this.connection.send(message);
  }

  /** The next event if it has come already. */
  poll(): RawEvent | undefined {
    return this.#queue.poll();
  }

  receive(signal?: AbortSignal): Promise<RawEvent> {
    return this.#queue.pull(signal);
  }

  /** Has who waits for an event wait no longer; no event is lost. */
  interrupt(reason: unknown): void {
    this.#queue.interrupt(reason);
  }

  /** Takes an event of this exchange. */
  deliver(event: RawEvent): void {
    if (this.#ended) return;
    const response = isObject(event["response"]) ? event["response"] : noResponse;
    const isTerminal = isTerminalEvent(event);
    if (isTerminal && !this.#endsThis(response["id"])) return;
    if (typeof response["id"] === "string" && event.type === "response.created") this.#onCreated(response["id"]);
    else this.#releaseSource();
    this.#followSteers(event);
    if (isTerminal || isErrorEvent(event)) this.hasResponseEnded = true;
    else if (event.type === "response.created") this.hasResponseEnded = false;
    if (this.abandoned) this.#pass(event, response);
    else this.#queue.push(event);
  }

  /** The answer is over, as the turn has read it. */
  end(continuable?: ContinuableResponse): void {
    if (this.#ended) return;
    if (continuable !== undefined) this.lane.latest = continuable;
    // What was said to it may still bring a successor, which nobody waits for.
    if (this.#steersOpen === 0 || !this.connection.isOpen) return this.#finish();
    this.abandoned = this.#hasEnded = true;
    this.#host.onAbandoned();
  }

  /** Leaves the answer: it is cancelled where the server does that, and what still comes of it is dropped. */
  abandon(): void {
    if (this.#ended || this.abandoned) return;
    this.abandoned = true;
    this.#host.onAbandoned();
    if (!this.#sent || !this.connection.isOpen) return this.#finish();
    const unread: RawEvent[] = [];
    for (let event = this.#queue.poll(); event !== undefined; event = this.#queue.poll()) unread.push(event);
    if (this.responseId !== undefined) this.#host.cancel(this.responseId);
    for (const event of unread) this.#pass(event, isObject(event["response"]) ? event["response"] : noResponse);
  }

  /** The connection has ended. */
  lose(error: WebsocketClosedError): void {
    this.#queue.close(error);
    if (this.abandoned) this.#finish();
  }

  #releaseSource(): void {
    if (this.#source !== undefined) this.#source.forks -= 1;
    this.#source = undefined;
  }

  /** Until what was said to a response is settled, another one may follow from it on the same lane. */
  #followSteers(event: RawEvent): void {
    if (this.#steersOpen === 0) return;
    const { type } = event;
    // What has been accepted is not refused by an error any more: it answers something else.
    const isRefusal = isErrorEvent(event) && this.responseId !== undefined && this.#steersUnanswered > 0;
    if (isRefusal || type === "response.steer.accepted")
      this.#steersUnanswered = Math.max(0, this.#steersUnanswered - 1);
    if (isRefusal || type === "response.steer.failed") this.#steersOpen -= 1;
    else if (type === "response.steer.pending" || type === "response.created") this.#steersOpen = 0;
    else return;
    this.#steersUnanswered = Math.min(this.#steersUnanswered, this.#steersOpen);
    if (this.abandoned && this.#hasEnded && type !== "response.created") this.#finish();
    this.#hasEnded = false;
  }

  #onCreated(responseId: string): void {
    this.responseId = responseId;
    if (this.abandoned) this.#host.cancel(responseId);
  }

  #endsThis(id: unknown): boolean {
    return this.responseId === undefined ? !this.#host.isPast(id) : id === this.responseId;
  }

  #pass(event: RawEvent, response: Record<string, unknown>): void {
    if (this.#ended) return;
    if (event.type === "response.output_text.delta" && typeof event["delta"] === "string") {
      this.onWasted(event["delta"].length);
    }
    if (isErrorEvent(event)) {
      // A request that never became a response is over; within a response its last event is still to come.
      if (this.responseId === undefined) this.#finish();
    } else if (isTerminalEvent(event)) {
      this.#keep(event, response);
      if (this.#steersOpen === 0) this.#finish();
      else this.#hasEnded = true;
    }
  }

  /** It ran to its end all the same: it is the lane's latest response now, and the one before it is gone. */
  #keep(event: RawEvent, response: Record<string, unknown>): void {
    if (event.type !== "response.completed" || response["status"] === "cancelled") return;
    const { id, output } = response;
    // Some servers leave the output out of the last event; what came before it has not been kept.
    this.lane.latest =
      typeof id === "string" && Array.isArray(output) && output.length > 0 && !this.isSteered
        ? { responseId: id, conversation: this.conversation, parts: [{ kind: "output", items: output }] }
        : undefined;
  }

  #finish(): void {
    this.#ended = true;
    this.#releaseSource();
    this.#queue.close(exchangeOver);
    this.#host.onEnded(this);
  }
}
