import { type Clock, LinkedSignal, type Logger, throwIfAborted, untilAborted } from "../../async/index.ts";
import type { RetryReason } from "../../llm/index.ts";
import type { ReconnectingWebsocket, WebsocketConnection } from "../../websocket/index.ts";
import { type Plan, plan } from "../request/index.ts";
import type { Conversation } from "../request/index.ts";
import type { Exchange, Reader } from "./exchange.ts";
import type { Lane } from "./lanes.ts";
import type { Tenant } from "./tenant.ts";
import { ResponsesConnection } from "./responses-connection.ts";
import type { ServerCapabilities } from "./server-capabilities.ts";

export interface ConnectionManagerOptions {
  capabilities: ServerCapabilities;
  drainTimeoutMs: number;
  /** Whether a spare is kept open, for when the current connection is of no use. */
  standby: boolean;
  /** Whether another connection may be made; default: always. */
  mayOpen?: () => boolean;
  clock: Clock;
  logger: Logger;
}

/** A place for a request: the exchange to send it over, and what to send. */
export interface Lease {
  exchange: Exchange;
  connection: ResponsesConnection;
  plan: Plan<Lane>;
}

export interface AcquireOptions {
  signal: AbortSignal;
  /** Called when connecting or waiting for a lane begins. */
  onPhase: (phase: "connecting" | "waiting") => void;
  /** Why the attempt before failed. The plan gives this reason if there is no response to continue. */
  reason: RetryReason | undefined;
}

/** A second connection, open or being made. */
interface Spare {
  readonly opening: Promise<WebsocketConnection>;
  /** Once it is open. */
  connection: WebsocketConnection | undefined;
}

/** A standby that ends sooner is not made again before it is needed: the server may not want it. */
const standbyLivesMs = 10_000;

/**
 * Keeps one connection usable. While an abandoned response holds it up, a spare is made, and the first of the two that is
 * ready serves the turn. Before its age limit the connection is replaced while it is idle.
 */
export class ConnectionManager {
  readonly websocket: ReconnectingWebsocket;
  readonly tenants = new Set<Tenant>();
  readonly capabilities: ServerCapabilities;
  readonly #options: ConnectionManagerOptions;
  readonly #connections = new WeakMap<WebsocketConnection, ResponsesConnection>();
  #spare: Spare | undefined;
  /** How many wait for the spare. */
  #wanting = 0;
  #cancelRotation: () => void = () => undefined;
  #closed = new AbortController();
  /** How many turns have no lease yet. */
  #waiting = 0;

  constructor(websocket: ReconnectingWebsocket, options: ConnectionManagerOptions) {
    this.websocket = websocket;
    this.#options = options;
    this.capabilities = options.capabilities;
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

  /** How many connections are open or being made. */
  get connections(): number {
    return (this.current === undefined ? 0 : 1) + (this.#spare === undefined ? 0 : 1);
  }

  /** Waits for a lane, and connects if need be. */
  async acquire(tenant: Tenant, conversation: Conversation, options: AcquireOptions): Promise<Lease> {
    this.#waiting += 1;
    try {
      for (;;) {
        throwIfAborted(options.signal);
        options.onPhase("connecting");
        const connection = await this.#usable(options.signal);
        const lease = this.#lease(connection, tenant, conversation, options.reason, "turn");
        if (lease !== undefined) return lease;
        options.onPhase("waiting");
        await this.#changed(connection, options.signal);
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Returns a lease in the background if there is one at once. Background requests never delay a turn. */
  tryAcquire(connection: ResponsesConnection, tenant: Tenant, conversation: Conversation): Lease | undefined {
    return this.#waiting > 0 ? undefined : this.#lease(connection, tenant, conversation, undefined, "background");
  }

  /** Moves to a new connection in the background, and closes the old one once no turn reads from it. */
  async switchToSpare(
    why: string,
    prepare: (next: ResponsesConnection) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const old = this.current;
    const spare = await this.websocket.open(signal);
    await prepare(this.#wrap(spare));
    if (!spare.isOpen) return;
    if (this.current !== old || signal?.aborted) return void spare.close();
    this.websocket.promote(spare);
    await old?.retire(why);
  }

  /** Closes what is open. The manager can be used again. */
  async close(): Promise<void> {
    this.#closed.abort(new DOMException("the connections were closed", "AbortError"));
    this.#closed = new AbortController();
    this.#cancelRotation();
    this.#spare = undefined;
    await this.websocket.disconnect();
  }

  #lease(
    connection: ResponsesConnection,
    tenant: Tenant,
    conversation: Conversation,
    reason: RetryReason | undefined,
    reader: Reader,
  ): Lease | undefined {
    const planned = plan(conversation, connection.lanes.of(tenant), reason ?? "first-request");
    const { parent } = planned;
    const exchange = connection.begin({ tenant, tenants: this.tenants.size, parent, conversation, reader });
    return exchange === undefined ? undefined : { exchange, connection, plan: planned };
  }

  async #usable(signal: AbortSignal): Promise<ResponsesConnection> {
    for (;;) {
      const connection = this.#wrap(await this.websocket.connect(signal));
      if (connection.isOpen) return connection;
      // It is retired: turns on it go on, and the next turns use another connection.
      await this.#withSpare(signal, (spare) => {
        if (this.websocket.connection === connection.connection) this.#promote(spare, connection);
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

  /** Waits until there may be a lane: on this connection, or on a spare when only abandoned replies are in the way. */
  #changed(connection: ResponsesConnection, signal: AbortSignal): Promise<void> {
    const isHeldUp = connection.exchanges.every(({ reader }) => reader !== "turn");
    return isHeldUp ? this.#firstReady(connection, signal) : untilAborted(connection.changed(), signal);
  }

  /** Waits for the connection to be free and for a spare to be made; the first that is ready is used from then on. */
  async #firstReady(connection: ResponsesConnection, signal: AbortSignal): Promise<void> {
    const freed = connection.changed();
    if (this.#spare === undefined && this.#options.mayOpen?.() === false) return untilAborted(freed, signal);
    const enough = new AbortController();
    using wait = new LinkedSignal(signal, enough.signal);
    const spare = this.#withSpare(wait.signal, (opened) => {
      if (this.current === connection && !connection.isIdle) this.#promote(opened, connection);
    });
    try {
      // When no spare can be made, there is still the connection.
      await untilAborted(Promise.race([freed, spare.catch(() => freed)]), signal);
    } finally {
      enough.abort();
    }
  }

  /** Uses the spare, which is made once for all turns that wait for it. */
  async #withSpare(signal: AbortSignal, use: (spare: WebsocketConnection) => void): Promise<void> {
    throwIfAborted(signal);
    this.#wanting += 1;
    try {
      const spare = (this.#spare ??= this.#openSpare());
      const connection = await untilAborted(spare.opening, signal);
      if (connection.isOpen) use(connection);
      else this.#forget(spare);
    } finally {
      this.#wanting -= 1;
      this.#closeUnwanted();
    }
  }

  #openSpare(): Spare {
    const spare: Spare = { opening: this.websocket.open(this.#closed.signal), connection: undefined };
    const onOpen = (connection: WebsocketConnection): void => {
      spare.connection = connection;
      void connection.closed.then(() => this.#onSpareEnded(spare, connection.ageMs));
    };
    spare.opening.then(onOpen, () => this.#forget(spare));
    return spare;
  }

  #onSpareEnded(spare: Spare, ageMs: number): void {
    if (this.#spare !== spare) return;
    this.#spare = undefined;
    if (ageMs >= standbyLivesMs && this.current !== undefined) this.#keepStandby();
  }

  #forget(spare: Spare): void {
    if (this.#spare === spare) this.#spare = undefined;
  }

  #keepStandby(): void {
    if (this.#options.standby) this.#spare ??= this.#openSpare();
  }

  /** Promotes the standby as soon as the current connection is lost, before the waiting turn sees the loss. */
  #useStandby(): void {
    const standby = this.#options.standby ? this.#spare?.connection : undefined;
    if (standby === undefined || !standby.isOpen) return;
    this.#spare = undefined;
    this.websocket.promote(standby);
  }

  #promote(spare: WebsocketConnection, from: ResponsesConnection): void {
    this.#spare = undefined;
    this.websocket.promote(spare);
    void from.retire("another connection took its place");
  }

  #closeUnwanted(): void {
    const spare = this.#spare;
    if (spare === undefined || this.#options.standby) return;
    const close = (connection: WebsocketConnection): void => {
      if (this.#wanting > 0 || this.#spare !== spare) return;
      this.#spare = undefined;
      void connection.close();
    };
    spare.opening.then(close, () => undefined);
  }

  #onConnected(): void {
    const { current } = this;
    this.#cancelRotation();
    if (current === undefined) return;
    this.#scheduleRotation(current);
    this.#keepStandby();
  }

  #scheduleRotation(connection: ResponsesConnection): void {
    const { clock, capabilities } = this.#options;
    const dueInMs = Math.max(0, capabilities.maxConnectionAgeMs - connection.connection.ageMs);
    const cancel = clock.schedule(() => void this.#rotate(connection), dueInMs, { keepAlive: false });
    this.#cancelRotation = cancel;
    void connection.connection.closed.then(cancel);
  }

  /** Replaces a connection before its age limit, once it is idle. */
  async #rotate(connection: ResponsesConnection): Promise<void> {
    while (connection.isOpen && !connection.isIdle) await connection.changed();
    if (!connection.isOpen || this.current !== connection) return;
    this.#options.logger.debug("a connection is replaced before its age limit");
    const nothing = (): Promise<void> => Promise.resolve();
    await this.switchToSpare("it was replaced before its age limit", nothing, this.#closed.signal).catch(() => {
      // The old one stays in use. If it is lost, the next turn replaces it.
    });
  }
}
