import { type WebSocket } from "ws";
import { delay } from "turnwire/internal";
import { FaultList, type PendingFault, type Upgrade, WebSocketHost } from "../kit/index.ts";
import type { SpeechConnection } from "./speech-connection.ts";
import type { SpeechCore } from "./speech-core.ts";
import type { SpeechFault } from "./speech-fault.ts";
import { newUuid } from "./ids.ts";
import { readListenQuery } from "./listen/listen-query.ts";
import { ListenSession } from "./listen/listen-session.ts";
import { Query } from "./query.ts";
import { refuse, SpeechApiError, toSpeechApiError } from "./speech-api-error.ts";
import { SpeechSocket } from "./speech-socket.ts";
import { readSpeakQuery } from "./speak/speak-query.ts";
import { SpeakSession } from "./speak/speak-session.ts";

/** A message larger than this closes the connection with 1009. */
const largestMessageBytes = 4 * 1024 * 1024;

type Path = SpeechConnection["path"];
/** Starts the session of a connection. */
type Open = (socket: SpeechSocket) => void;

/** Runs a session on each WebSocket connection. */
export class SpeechHost {
  readonly webSockets: WebSocketHost;
  readonly #core: SpeechCore;
  readonly #faults: FaultList<SpeechFault>;
  /** The latest connections, open and closed. */
  #connections: SpeechSocket[] = [];
  /** How many connections are open or being upgraded. */
  #open = 0;
  readonly #requested: Record<Path, number> = { listen: 0, speak: 0 };
  readonly #accepted: Record<Path, number> = { listen: 0, speak: 0 };
  #latestListener: ListenSession | undefined;

  constructor(core: SpeechCore, faults: FaultList<SpeechFault>) {
    this.#core = core;
    this.#faults = faults;
    this.webSockets = new WebSocketHost({
      maxPayload: largestMessageBytes,
      // The second of the subprotocols `token, KEY` is the key, which must not be sent back.
      handleProtocols: (protocols) => (protocols.has("token") ? "token" : protocols.has("bearer") ? "bearer" : false),
    });
  }

  /** The latest connections, open and closed, the oldest first. */
  get connections(): readonly SpeechConnection[] {
    return this.#connections;
  }

  /** Forgets the connections that are closed. */
  reset(): void {
    this.#connections = this.#connections.filter(({ closed }) => closed === undefined);
  }

  /** Accepts an upgrade, or throws the error to refuse it with. */
  upgrade(path: Path, url: URL, upgrade: Upgrade): void {
    const { socket } = upgrade;
    this.#requested[path] += 1;
    const number = this.#requested[path];
    const query = new Query(url.searchParams);
    const { model, open } = this.#opener(path, query);
    if (this.#open >= this.#core.maxConnections) {
      throw new SpeechApiError(429, "TOO_MANY_REQUESTS", "Too many connections are open.");
    }
    this.#open += 1;
    socket.once("close", () => (this.#open -= 1));
    const faults = FaultList.matching(
      this.#faults,
      (fault) => (fault.path ?? path) === path && (fault.connection ?? number) === number,
    );
    const requestId = newUuid(this.#core.random);
    void this.webSockets.upgrade(upgrade, {
      headers: [`dg-request-id: ${requestId}`],
      prepare: (signal) => this.#handshake(faults, signal),
      accept: (webSocket) => {
        this.#accepted[path] += 1;
        const connection = this.#accepted[path];
        const init = { path, connection, requestId, query: query.all, clock: this.#core.clock, faults };
        this.#accept(webSocket, new SpeechSocket(webSocket, socket, init), model, open);
      },
      refuse: (error) => {
        const refusal = toSpeechApiError(error);
        this.#core.onEvent({ type: "refused", path: `/v1/${path}`, status: refusal.status, code: refusal.code });
        refuse(socket, refusal, requestId);
      },
    });
  }

  /** Reads the query and returns what starts its session. Throws a 400 for a query that cannot be read. */
  #opener(path: Path, query: Query): { model: string; open: Open } {
    if (path === "speak") {
      const settings = readSpeakQuery(query);
      return { model: settings.model, open: (socket) => new SpeakSession(this.#core, socket, settings).start() };
    }
    const settings = readListenQuery(query);
    const open: Open = (socket) => {
      this.#latestListener = new ListenSession(this.#core, socket, settings, this.#latestListener?.progress);
      this.#latestListener.start();
    };
    return { model: settings.model, open };
  }

  /** Injects the faults of the handshake; the others are for the open connection. */
  async #handshake(faults: ReadonlyArray<PendingFault<SpeechFault>>, signal: AbortSignal): Promise<void> {
    for (const pending of faults) {
      const { fault } = pending;
      if (fault.fault !== "refuse" && fault.fault !== "delay") continue;
      pending.inject();
      if (fault.fault === "refuse") throw refusalOf(fault.status);
      await delay(fault.ms, { clock: this.#core.clock, signal });
    }
  }

  #accept(webSocket: WebSocket, socket: SpeechSocket, model: string, open: Open): void {
    const { path, connection } = socket;
    this.#connections.push(socket);
    this.#forget();
    webSocket.once("close", (code, reason) => {
      const durationMs = this.#core.clock.now() - socket.openedAtMs;
      const end = { path, connection, code, reason: reason.toString(), audioMs: socket.audioMs, durationMs };
      this.#core.onEvent({ type: "closed", ...end });
    });
    try {
      this.#core.onEvent({ type: "opened", path, connection, model });
      open(socket);
    } catch (error) {
      this.#core.logger.warn(
        `the script failed: ${error instanceof Error ? error.message : "it threw what is no error"}`,
      );
      socket.close(1011, "NET-0000");
    }
  }

  /** Forgets the oldest closed connections. */
  #forget(): void {
    let surplus = this.#connections.length - this.#core.keptConnections;
    if (surplus <= 0) return;
    this.#connections = this.#connections.filter((one) => one.closed === undefined || surplus-- <= 0);
  }
}

function refusalOf(status = 503): SpeechApiError {
  return new SpeechApiError(status, "FAULT", "The upgrade was refused because of a fault.");
}
