import type { Logger } from "../../async/index.ts";
import { WebsocketClosedError } from "../../errors.ts";
import { errorCodes, isErrorEvent, isObject, normalizeError, parseEvent, type RawEvent } from "../../protocol/index.ts";
import type { WebsocketConnection } from "../../websocket/index.ts";
import type { Conversation } from "../request/conversation.ts";
import { Exchange, type ExchangeHost, type Lane } from "./exchange.ts";
import { ambiguousCode } from "../retry/index.ts";
import { Lanes } from "./lanes.ts";
import { SideAnswers } from "./error-attribution.ts";
import type { ServerTraits } from "./server-capabilities.ts";

export interface ResponsesConnectionOptions {
  traits: ServerTraits;
  /** How long the rest of an abandoned response may hold up a connection without lanes, in milliseconds. */
  drainTimeoutMs: number;
  logger: Logger;
  clock: { schedule(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }): () => void };
}

const pastIdsKept = 32;

const unclearError: RawEvent = {
  type: "error",
  error: { code: ambiguousCode, message: "an error came that may be the answer to a cancel" },
};

/**
 * The Responses API at the other end of one connection: hands each event to the exchange it belongs to. Events of a
 * named lane say so; those of the default lane carry no response id, so that without lanes one exchange lives at a time.
 */
export class ResponsesConnection implements ExchangeHost {
  readonly connection: WebsocketConnection;
  readonly lanes = new Lanes();
  /** Takes no more exchanges. */
  retired = false;
  readonly #options: ResponsesConnectionOptions;
  readonly #pastIds = new Set<unknown>();
  readonly #side = new SideAnswers();
  #changeWaiters: Array<() => void> = [];

  constructor(connection: WebsocketConnection, options: ResponsesConnectionOptions) {
    this.connection = connection;
    this.#options = options;
    void this.#pump();
  }

  get isOpen(): boolean {
    return this.connection.isOpen && !this.retired;
  }

  get exchanges(): Exchange[] {
    return this.lanes.all.flatMap(({ exchange }) => exchange ?? []);
  }

  get isIdle(): boolean {
    return this.lanes.inFlight === 0;
  }

  /**
   * Begins an exchange, if there is a lane for it: a free one, or the only one while nothing is known of lanes.
   * @param owners How many share the connection.
   */
  begin(
    owner: object,
    parent: Lane | undefined,
    conversation: Conversation,
    options: BeginOptions,
  ): Exchange | undefined {
    if (!this.isOpen) return undefined;
    const { lanes } = this.#options.traits;
    if (lanes !== "yes" && this.lanes.inFlight > 0) return undefined;
    const lane = lanes === "no" ? this.lanes.takeDefault(owner) : this.lanes.take(owner, parent, options.owners);
    if (lane === undefined) return undefined;
    const source = parent === lane ? undefined : parent;
    const exchange = new Exchange(this, { lane, source, conversation, inBackground: options.inBackground ?? false });
    lane.exchange = exchange;
    return exchange;
  }

  /** Resolves when an exchange has ended or been abandoned, or the connection has ended. */
  changed(): Promise<void> {
    if (!this.connection.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#changeWaiters.push(resolve));
  }

  /** Closes the connection as soon as no turn waits for an answer on it. */
  async retire(why: string): Promise<void> {
    this.retired = true;
    while (this.connection.isOpen && this.exchanges.some(({ isLive }) => isLive)) await this.changed();
    if (this.isIdle) await this.connection.close(1000, why);
    else this.connection.discard(why);
  }

  /** Leaves an exchange; without lanes its connection is ended when the rest takes too long to pass. */
  abandon(exchange: Exchange): void {
    exchange.abandon();
    if (exchange.lane.exchange !== exchange || this.#options.traits.lanes === "yes") return;
    const { drainTimeoutMs, clock, logger } = this.#options;
    const cancelTimer = clock.schedule(() => {
      // Meanwhile the server may have shown that it knows lanes: then nothing is held up.
      if (exchange.lane.exchange !== exchange || this.#options.traits.lanes === "yes") return;
      logger.debug("an abandoned response took too long to pass; its connection is replaced", { drainTimeoutMs });
      this.connection.discard("an abandoned response took too long to pass");
    }, drainTimeoutMs);
    void this.#whenEnded(exchange).then(cancelTimer);
  }

  cancel(responseId: string): void {
    if (this.#side.refusesCancel || !this.connection.isOpen) return;
    this.#side.cancelSent(responseId);
    this.connection.send(JSON.stringify({ type: "response.cancel", response_id: responseId }));
  }

  onSteer(): void {
    this.#side.steerSent();
  }

  onAbandoned(): void {
    this.#wake();
  }

  onEnded(exchange: Exchange): void {
    if (exchange.lane.exchange === exchange) exchange.lane.exchange = undefined;
    if (exchange.responseId !== undefined) this.#remember(exchange.responseId);
    this.#wake();
  }

  isPast(responseId: unknown): boolean {
    return this.#pastIds.has(responseId);
  }

  async #whenEnded(exchange: Exchange): Promise<void> {
    while (exchange.lane.exchange === exchange && this.connection.isOpen) await this.changed();
  }

  #remember(responseId: string): void {
    this.#pastIds.add(responseId);
    if (this.#pastIds.size <= pastIdsKept) return;
    const [oldest] = this.#pastIds;
    this.#pastIds.delete(oldest);
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        // What has come already is handed on in one go: of a burst of events each would pay for a wait of its own.
        const message = this.connection.poll() ?? (await this.connection.receive());
        const event = parseEvent(typeof message === "string" ? message : new TextDecoder().decode(message));
        const full = event === undefined ? undefined : this.#route(event);
        // One slow turn slows its own sender; it must not hold up others on the same connection.
        if (full?.isFull && this.exchanges.filter(({ isLive }) => isLive).length === 1) await full.space();
      }
    } catch (error) {
      const closed =
        error instanceof WebsocketClosedError ? error : new WebsocketClosedError(1006, "", { cause: error });
      for (const exchange of this.exchanges) exchange.lose(closed);
      this.#wake();
    }
  }

  /** Hands an event on; the answer is the exchange it went to. */
  #route(event: RawEvent): Exchange | undefined {
    if (isErrorEvent(event)) return this.#routeError(event);
    if (event.type === "response.steer.accepted" || event.type === "response.steer.failed") this.#side.steerAnswered();
    return this.#deliverTo(this.#exchangeOf(event), event);
  }

  #exchangeOf(event: RawEvent): Exchange | undefined {
    const { traits } = this.#options;
    if (typeof event.stream_id === "string") {
      const lane = this.lanes.all.find(({ name }) => name === event.stream_id);
      if (lane?.exchange !== undefined && traits.lanes === "unknown") traits.lanes = "yes";
      return lane?.exchange;
    }
    const [sole] = this.exchanges;
    if (traits.lanes === "unknown" && sole !== undefined && belongsToResponse(event)) {
      traits.lanes = "no";
      this.lanes.collapseTo(sole.lane);
    }
    return traits.lanes === "yes" ? undefined : sole;
  }

  /** The answer to a cancel is nobody's error; an error without a lane is the connection's, or of the request not begun. */
  #routeError(event: RawEvent): Exchange | undefined {
    const wire = normalizeError(event);
    const owner = this.#side.ownerOf(wire);
    if (owner === "cancel") return undefined;
    if (owner === "steer")
      return this.#deliverTo(
        this.exchanges.find(({ awaitsSteering }) => awaitsSteering),
        event,
      );
    if (typeof event.stream_id === "string") return this.#deliverTo(this.#exchangeOf(event), event);
    if (wire.code === errorCodes.connectionLimit) return this.#onAgeLimit(event);
    const notBegun = this.exchanges.find(({ responseId }) => responseId === undefined);
    // The errors of a lane's requests name it. Without lanes, whether an abandoned request is over cannot be told.
    if (owner === "unclear" && (this.#options.traits.lanes === "yes" || notBegun?.abandoned)) return undefined;
    if (notBegun !== undefined) return this.#deliverTo(notBegun, owner === "unclear" ? unclearError : event);
    this.#options.logger.debug("an error came that concerns no request", { ...wire });
    if (this.exchanges.length === 0) this.connection.discard("it reported an error while idle");
    return this.#deliverTo(this.#soleWithoutLanes(), event);
  }

  #deliverTo(exchange: Exchange | undefined, event: RawEvent): Exchange | undefined {
    exchange?.deliver(event);
    return exchange;
  }

  #soleWithoutLanes(): Exchange | undefined {
    return this.#options.traits.lanes === "yes" ? undefined : this.exchanges[0];
  }

  #onAgeLimit(event: RawEvent): undefined {
    const { traits } = this.#options;
    traits.learnAge(this.connection.ageMs);
    this.retired = true;
    for (const exchange of this.exchanges) if (exchange.responseId === undefined) exchange.deliver(event);
    if (this.exchanges.length === 0) this.connection.discard("it has reached its age limit");
  }

  #wake(): void {
    const waiting = this.#changeWaiters;
    this.#changeWaiters = [];
    for (const wake of waiting) wake();
  }
}

export interface BeginOptions {
  /** How many owners share the connection. */
  owners: number;
  /** Nobody waits for the answer. */
  inBackground?: boolean;
}

/** Whether an event is of a response for certain: only such tell whether the server knows lanes. */
function belongsToResponse(event: RawEvent): boolean {
  return isObject(event["response"]) || typeof event["output_index"] === "number";
}
