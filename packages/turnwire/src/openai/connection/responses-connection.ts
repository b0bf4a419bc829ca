import type { Clock, Logger } from "../../async/index.ts";
import type { WebsocketClosedError } from "../../errors.ts";
import { normalizeError, parseEvent, type RawEvent, type WireError } from "../../protocol/index.ts";
import type { WebsocketConnection } from "../../websocket/index.ts";
import type { Conversation } from "../request/index.ts";
import { ambiguousCode } from "../retry/index.ts";
import { mayPause } from "./backpressure.ts";
import { Cancels } from "./cancels.ts";
import { attributeError } from "./error-attribution.ts";
import { Exchange, type ExchangeHost, type ExchangePlace, type Reader } from "./exchange.ts";
import { Lanes } from "./lanes.ts";
import { type Tenant } from "./tenant.ts";
import type { ServerCapabilities } from "./server-capabilities.ts";

export interface ResponsesConnectionOptions {
  capabilities: ServerCapabilities;
  /** How long the rest of an abandoned response may hold up a connection without lanes, in milliseconds. */
  drainTimeoutMs: number;
  logger: Logger;
  clock: Clock;
}

export interface ExchangeRequest {
  tenant: Tenant;
  /** How many tenants share the connection. */
  tenants: number;
  /** The response to continue, and the lane that keeps it. */
  parent: ExchangePlace["parent"];
  conversation: Conversation;
  reader: Reader;
}

const pastIdsKept = 32;

const unclearError: RawEvent = {
  kind: "unclear",
  type: "error",
  error: { code: ambiguousCode, message: "an error came that may answer a cancel" },
};

/**
 * The Responses API at the other end of one connection: hands each event to the exchange it belongs to. Events of a
 * named lane name it; those of the default lane carry no response id, so that without lanes one exchange lives at a time.
 */
export class ResponsesConnection implements ExchangeHost {
  readonly connection: WebsocketConnection;
  readonly lanes = new Lanes();
  readonly #options: ResponsesConnectionOptions;
  readonly #cancels = new Cancels();
  readonly #pastIds = new Set<unknown>();
  #exchanges: readonly Exchange[] = [];
  #isRetired = false;
  /** Whether an exchange that is over was steered. */
  #hasSteered = false;
  #changeWaiters: Array<() => void> = [];

  constructor(connection: WebsocketConnection, options: ResponsesConnectionOptions) {
    this.connection = connection;
    this.#options = options;
    connection.onMessage((message) => this.#onMessage(message));
    void connection.closed.then((error) => this.#onClosed(error));
  }

  /** Whether it takes exchanges. */
  get isOpen(): boolean {
    return this.connection.isOpen && !this.#isRetired;
  }

  /** Those that are not over. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  get isIdle(): boolean {
    return this.#exchanges.length === 0;
  }

  /** Begins an exchange if there is a lane for it: a free one, or the only one while nothing is known of lanes. */
  begin({ tenant, tenants, parent, conversation, reader }: ExchangeRequest): Exchange | undefined {
    if (!this.isOpen) return undefined;
    const { lanes } = this.#options.capabilities;
    if (lanes !== true && this.lanes.inFlight > 0) return undefined;
    const lane = lanes === false ? this.lanes.takeDefault(tenant) : this.lanes.take(tenant, parent?.holder, tenants);
    if (lane === undefined) return undefined;
    const exchange = new Exchange(this, { lane, tenant, conversation, parent, reader });
    this.#exchanges = [...this.#exchanges, exchange];
    this.onBacklog();
    return exchange;
  }

  /** Resolves when an exchange is over or no longer read, or the connection has ended. */
  changed(): Promise<void> {
    if (!this.connection.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#changeWaiters.push(resolve));
  }

  /** Resolves once the exchange is over. */
  async ended(exchange: Exchange): Promise<void> {
    while (exchange.phase.kind !== "closed" && this.connection.isOpen) await this.changed();
  }

  /** Takes no more exchanges, and closes the connection as soon as none is read any more. */
  async retire(why: string): Promise<void> {
    this.#isRetired = true;
    while (this.connection.isOpen && this.#exchanges.some(({ reader }) => reader !== "nobody")) await this.changed();
    if (this.isIdle) await this.connection.close(1000, why);
    else this.connection.discard(why);
  }

  cancel(responseId: string): void {
    if (this.#cancels.areRefused || !this.connection.isOpen) return;
    this.#cancels.onSent(responseId);
    this.connection.send(JSON.stringify({ type: "response.cancel", response_id: responseId }));
  }

  /** Pauses the socket for a slow reader, or lets it go on. */
  onBacklog(): void {
    if (mayPause(this.#exchanges)) this.connection.pause();
    else this.connection.resume();
  }

  onLeft(exchange: Exchange): void {
    this.#limitDrain(exchange);
    this.#onChange();
  }

  onEnded(exchange: Exchange, responseId: string | undefined): void {
    this.#exchanges = this.#exchanges.filter((one) => one !== exchange);
    this.#hasSteered ||= exchange.steers.isUsed;
    if (responseId !== undefined) this.#remember(responseId);
    this.#onChange();
  }

  isPast(responseId: unknown): boolean {
    return this.#pastIds.has(responseId);
  }

  #onMessage(data: string | Uint8Array): void {
    const event = parseEvent(typeof data === "string" ? data : new TextDecoder().decode(data));
    if (event === undefined) return;
    if (event.kind === "error") this.#onError(event);
    else this.#exchangeOf(event)?.deliver(event);
  }

  #onClosed(error: WebsocketClosedError): void {
    for (const exchange of this.#exchanges) exchange.lose(error);
    this.#onChange();
  }

  #exchangeOf(event: RawEvent): Exchange | undefined {
    const { capabilities } = this.#options;
    if (typeof event.stream_id === "string") {
      const named = this.#exchangeOn(event.stream_id);
      if (named !== undefined) capabilities.learnLanesFrom(event);
      return named;
    }
    const [sole] = this.#exchanges;
    if (capabilities.lanes === undefined && sole !== undefined) {
      capabilities.learnLanesFrom(event);
      // As it turns out, there is only the default lane.
      if (capabilities.lanes === false) this.lanes.collapseTo(sole.lane);
    }
    return capabilities.lanes === true ? undefined : sole;
  }

  // A loop: this runs for every event, and a closure would be made for each.
  #exchangeOn(laneName: string): Exchange | undefined {
    for (const exchange of this.#exchanges) if (exchange.lane.name === laneName) return exchange;
    return undefined;
  }

  #onError(event: RawEvent): void {
    const wire = normalizeError(event);
    const steer = this.#exchanges.some(({ steers }) => steers.isUnanswered);
    const hasSteered = this.#hasSteered || this.#exchanges.some(({ steers }) => steers.isUsed);
    const sent = { cancelled: this.#cancels.unanswered, hasSteered, steer };
    const source = attributeError(wire, typeof event.stream_id === "string", sent);
    if (source.kind === "cancel") return this.#cancels.onRefused(source.responseId, wire.code);
    if (source.kind === "steer") return this.#onSteerRefused(event);
    if (source.kind === "lane") return this.#exchangeOf(event)?.deliver(event);
    if (source.kind === "age-limit") return this.#onAgeLimit(event);
    this.#onUnnamedError(event, wire, source.kind === "unclear");
  }

  #onSteerRefused(event: RawEvent): void {
    const steered = this.#exchanges.filter(({ steers }) => steers.isUnanswered);
    const refused = steered.find(({ lane }) => lane.name === event.stream_id) ?? steered[0];
    refused?.deliver({ ...event, kind: "refused-steer" });
  }

  #onUnnamedError(event: RawEvent, wire: WireError, isUnclear: boolean): void {
    const { capabilities, logger } = this.#options;
    const notBegun = this.#exchanges.find(({ phase }) => phase.kind === "reserved" || phase.kind === "sent");
    // Errors of requests on lanes name their lane. Without lanes there is no way to tell whether an abandoned request is over.
    if (isUnclear && (capabilities.lanes === true || notBegun?.reader === "nobody")) return;
    if (notBegun !== undefined) return notBegun.deliver(isUnclear ? unclearError : event);
    logger.debug("an error came that concerns no request", { ...wire });
    if (this.isIdle) this.connection.discard("it reported an error while idle");
    if (capabilities.lanes !== true) this.#exchanges[0]?.deliver(event);
  }

  #onAgeLimit(event: RawEvent): void {
    this.#options.capabilities.learnAge(this.connection.ageMs);
    this.#isRetired = true;
    for (const exchange of this.#exchanges) {
      if (exchange.phase.kind === "reserved" || exchange.phase.kind === "sent") exchange.deliver(event);
    }
    if (this.isIdle) this.connection.discard("it has reached its age limit");
  }

  /** Without lanes, the connection is ended when the rest of an abandoned response takes too long to pass. */
  #limitDrain(exchange: Exchange): void {
    const { drainTimeoutMs, clock, logger, capabilities } = this.#options;
    if (capabilities.lanes === true) return;
    const cancelTimer = clock.schedule(() => {
      // Meanwhile the server may have shown that it knows lanes: then nothing is held up.
      if (exchange.phase.kind === "closed" || capabilities.lanes === true) return;
      logger.debug("an abandoned response took too long to pass; its connection is replaced", { drainTimeoutMs });
      this.connection.discard("an abandoned response took too long to pass");
    }, drainTimeoutMs);
    void this.ended(exchange).then(cancelTimer);
  }

  #remember(responseId: string): void {
    this.#pastIds.add(responseId);
    if (this.#pastIds.size <= pastIdsKept) return;
    const [oldest] = this.#pastIds;
    this.#pastIds.delete(oldest);
  }

  #onChange(): void {
    this.onBacklog();
    const waiting = this.#changeWaiters;
    this.#changeWaiters = [];
    for (const wake of waiting) wake();
  }
}
