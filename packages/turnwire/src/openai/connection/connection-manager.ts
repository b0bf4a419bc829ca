import { type Clock, LinkedSignal, type Logger, throwIfAborted, untilAborted } from "../../async/index.ts";
import type { RetryReason } from "../../llm/index.ts";
import type { WebsocketConnection, ReconnectingWebsocket } from "../../websocket/index.ts";
import { type Plan, plan } from "../request/continuation.ts";
import type { Conversation } from "../request/conversation.ts";
import type { Exchange, Lane } from "./exchange.ts";
import { ResponsesConnection } from "./responses-connection.ts";
import type { ServerTraits } from "./server-capabilities.ts";

export interface LineOptions {
  traits: ServerTraits;
  drainTimeoutMs: number;
  /** Whether a second connection is kept open, for when the first is of no use. */
  standby: boolean;
  /** Whether a further connection may be made; default: always. */
  mayOpen?: () => boolean;
  clock: Clock;
  logger: Logger;
}

/** A place for a turn: the exchange to send over, and what to send. */
export interface Seat {
  exchange: Exchange;
  connection: ResponsesConnection;
  plan: Plan<Lane>;
}

export interface SeatOptions {
  signal: AbortSignal;
  /** Called when connecting or waiting begins. */
  onPhase: (phase: "connectingMs" | "waitingMs") => void;
  /** Why the attempt before failed: the reason to give when there is nothing to continue. */
  reason: RetryReason | undefined;
}

/** A connection, open or being made. */
interface Other {
  readonly opening: Promise<WebsocketConnection>;
  /** Once it is open. */
  connection: WebsocketConnection | undefined;
}

/** A standby that ends sooner is not made again before it is needed: the server may not want it. */
const standbyLivesMs = 10_000;

/**
 * One connection at a time, kept usable: while an abandoned response holds it up a second one is made, and the first to
 * be ready serves the turn; before its age limit it is replaced while nothing is under way.
 */
export class Line {
  readonly websocket: ReconnectingWebsocket;
  /** Those who use the line. */
  readonly owners = new Set<object>();
  readonly traits: ServerTraits;
  readonly #options: LineOptions;
  readonly #connections = new WeakMap<WebsocketConnection, ResponsesConnection>();
  #current: ResponsesConnection | undefined;
  /** The connection beside the current one, and how many want it. */
  #other: Other | undefined;
  #wanting = 0;
  #cancelRotation: () => void = () => undefined;
  #closed = new AbortController();
  /** Turns that have no place yet. */
  #waiting = 0;

  constructor(websocket: ReconnectingWebsocket, options: LineOptions) {
    this.websocket = websocket;
    this.#options = options;
    this.traits = options.traits;
    websocket.on("connected", () => this.#onConnected());
    websocket.on("disconnected", ({ retryable }) => {
      if (retryable) this.#useStandby();
    });
  }

  /** The connection in use, if it is open. */
  get current(): ResponsesConnection | undefined {
    const { connection } = this.websocket;
    return connection === undefined ? undefined : this.#wrap(connection);
  }

  /** How many connections it has, or is making. */
  get connections(): number {
    return (this.current === undefined ? 0 : 1) + (this.#other === undefined ? 0 : 1);
  }

  /** Waits for a place; connects if need be. */
  async seat(owner: object, conversation: Conversation, options: SeatOptions): Promise<Seat> {
    this.#waiting += 1;
    try {
      return await this.#awaitSeat(owner, conversation, options);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #awaitSeat(owner: object, conversation: Conversation, options: SeatOptions): Promise<Seat> {
    for (;;) {
      throwIfAborted(options.signal);
      options.onPhase("connectingMs");
      const connection = await this.#usable(options.signal);
      const seat = this.trySeat(connection, owner, conversation, { reason: options.reason });
      if (seat !== undefined) return seat;
      options.onPhase("waitingMs");
      const heldUp = connection.exchanges.every(({ isLive, inBackground }) => !isLive || inBackground);
      await (heldUp
        ? this.#firstReady(connection, options.signal)
        : untilAborted(connection.changed(), options.signal));
    }
  }

  /** A place on the connection, if there is one at once. */
  trySeat(
    connection: ResponsesConnection,
    owner: object,
    conversation: Conversation,
    { reason, inBackground = false }: { reason: RetryReason | undefined; inBackground?: boolean },
  ): Seat | undefined {
    // What nobody waits for is never in the way of what somebody does.
    if (inBackground && this.#waiting > 0) return undefined;
    const planned = plan(conversation, connection.lanes.of(owner), reason ?? "first-request");
    const options = { owners: this.owners.size, inBackground };
    const exchange = connection.begin(owner, planned.parent?.holder, conversation, options);
    return exchange === undefined ? undefined : { exchange, connection, plan: planned };
  }

  /** Goes over to another connection in the background, and closes the old one once no turn waits on it. */
  async hop(why: string, prepare: (next: ResponsesConnection) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const old = this.current;
    const spare = await this.websocket.open(signal);
    const next = this.#wrap(spare);
    await prepare(next);
    if (!spare.isOpen) return;
    if (this.current !== old || signal?.aborted) return void spare.close();
    this.websocket.promote(spare);
    await old?.retire(why);
  }

  /** Closes what is open. The line can be used again. */
  async close(): Promise<void> {
    this.#closed.abort(new DOMException("the line was closed", "AbortError"));
    this.#closed = new AbortController();
    this.#cancelRotation();
    this.#other = undefined;
    await this.websocket.disconnect();
  }

  async #usable(signal: AbortSignal): Promise<ResponsesConnection> {
    for (;;) {
      const connection = this.#wrap(await this.websocket.connect(signal));
      if (connection.isOpen) return connection;
      // Retired, with turns still on it: those go on, the next ones go elsewhere.
      await this.#withOther(signal, (other) => {
        if (this.websocket.connection === connection.connection) this.#goOverTo(other, connection);
      });
    }
  }

  #wrap(connection: WebsocketConnection): ResponsesConnection {
    let wrapped = this.#connections.get(connection);
    if (wrapped === undefined) {
      wrapped = new ResponsesConnection(connection, this.#options);
      this.#connections.set(connection, wrapped);
    }
    return wrapped;
  }

  /** Waits for the connection to be free, and for another to be made: whichever comes first is used from then on. */
  async #firstReady(connection: ResponsesConnection, signal: AbortSignal): Promise<void> {
    const freed = connection.changed();
    if (this.#other === undefined && this.#options.mayOpen?.() === false) return untilAborted(freed, signal);
    const enough = new AbortController();
    using wait = new LinkedSignal(signal, enough.signal);
    const other = this.#withOther(wait.signal, (spare) => {
      if (this.current === connection && !connection.isIdle) this.#goOverTo(spare, connection);
    });
    try {
      // Where no other can be had, there is still the one.
      await untilAborted(Promise.race([freed, other.catch(() => freed)]), signal);
    } finally {
      enough.abort();
    }
  }

  /** Uses the connection beside the current one: the spare, or one that is made for all who want it. */
  async #withOther(signal: AbortSignal, use: (other: WebsocketConnection) => void): Promise<void> {
    throwIfAborted(signal);
    this.#wanting += 1;
    try {
      const other = (this.#other ??= this.#openOther());
      const connection = await untilAborted(other.opening, signal);
      if (connection.isOpen) use(connection);
      else this.#forget(other);
    } finally {
      this.#wanting -= 1;
      this.#dropUnwanted();
    }
  }

  #openOther(): Other {
    const other: Other = { opening: this.websocket.open(this.#closed.signal), connection: undefined };
    const onOpen = (connection: WebsocketConnection): void => {
      other.connection = connection;
      void connection.closed.then(() => this.#onOtherEnded(other, connection.ageMs));
    };
    other.opening.then(onOpen, () => this.#forget(other));
    return other;
  }

  #onOtherEnded(other: Other, ageMs: number): void {
    if (this.#other !== other) return;
    this.#other = undefined;
    if (ageMs >= standbyLivesMs && this.current !== undefined) this.#keepStandby();
  }

  #forget(other: Other): void {
    if (this.#other === other) this.#other = undefined;
  }

  #keepStandby(): void {
    if (this.#options.standby) this.#other ??= this.#openOther();
  }

  /** What is kept open takes the place of a connection that is lost, before who waits for its answer learns of that. */
  #useStandby(): void {
    const standby = this.#options.standby ? this.#other?.connection : undefined;
    if (standby === undefined || !standby.isOpen) return;
    this.#other = undefined;
    this.websocket.promote(standby);
  }

  #goOverTo(other: WebsocketConnection, from: ResponsesConnection): void {
    this.#other = undefined;
    this.websocket.promote(other);
    void from.retire("another connection took its place");
  }

  #dropUnwanted(): void {
    const other = this.#other;
    if (other === undefined || this.#options.standby) return;
    const drop = (connection: WebsocketConnection): void => {
      if (this.#wanting > 0 || this.#other !== other) return;
      this.#other = undefined;
      void connection.close();
    };
    other.opening.then(drop, () => undefined);
  }

  #onConnected(): void {
    this.#current = this.current;
    this.#cancelRotation();
    if (this.#current === undefined) return;
    this.#scheduleRotation(this.#current);
    this.#keepStandby();
  }

  #scheduleRotation(connection: ResponsesConnection): void {
    const { clock, traits } = this.#options;
    const dueInMs = Math.max(0, traits.maxConnectionAgeMs - connection.connection.ageMs);
    this.#cancelRotation = clock.schedule(() => void this.#rotate(connection), dueInMs, { keepAlive: false });
    void connection.connection.closed.then(() => {
      if (this.#current === connection) this.#cancelRotation();
    });
  }

  async #rotate(connection: ResponsesConnection): Promise<void> {
    while (connection.isOpen && !connection.isIdle) await connection.changed();
    if (!connection.isOpen || this.current !== connection) return;
    this.#options.logger.debug("a connection is replaced before its age limit");
    await this.hop("it was replaced before its age limit", () => Promise.resolve(), this.#closed.signal).catch(() => {
      // The old one serves as long as it can; the next turn finds out.
    });
  }
}
