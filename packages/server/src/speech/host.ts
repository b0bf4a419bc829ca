import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { delay } from "turnwire/internal";
import type { SpeechConnection } from "./connection.ts";
import type { SpeechCore } from "./core.ts";
import { type ArmedFault, SpeechFaults } from "./faults/index.ts";
import { newUuid } from "./ids.ts";
import { ListenSession, readListenQuery } from "./listen/index.ts";
import { Query } from "./query.ts";
import { refuseUpgrade, SpeechApiError, toSpeechApiError } from "./refusal.ts";
import { SpeechSocket } from "./socket.ts";
import { readSpeakQuery, SpeakSession } from "./speak/index.ts";

/** A message larger than this closes the connection with 1009. */
const largestMessageBytes = 4 * 1024 * 1024;

type Path = SpeechConnection["path"];
/** Starts the session of a connection. */
type Open = (socket: SpeechSocket) => void;

interface Handshake {
  readonly path: Path;
  readonly faults: readonly ArmedFault[];
  readonly requestId: string;
}

export interface SpeechHostOptions {
  readonly faults: SpeechFaults;
  readonly maxConnections: number;
  readonly keptConnections: number;
}

/** Accepts WebSocket connections and runs a session on each. */
export class SpeechHost {
  readonly #core: SpeechCore;
  readonly #options: SpeechHostOptions;
  readonly #server: WebSocketServer;
  readonly #closed = new AbortController();
  readonly #open = new Map<SpeechSocket, WebSocket>();
  #connections: SpeechSocket[] = [];
  /** Those that are being upgraded count, too. */
  #taken = 0;
  readonly #asked: Record<Path, number> = { listen: 0, speak: 0 };
  readonly #letIn: Record<Path, number> = { listen: 0, speak: 0 };
  #listened: ListenSession | undefined;

  constructor(core: SpeechCore, options: SpeechHostOptions) {
    this.#core = core;
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: largestMessageBytes,
      // The second of `token, KEY` is the key, which is not to be said back.
      handleProtocols: (protocols) => (protocols.has("token") ? "token" : protocols.has("bearer") ? "bearer" : false),
    });
  }

  /** The latest connections, open and closed, the oldest first. */
  get connections(): readonly SpeechConnection[] {
    return this.#connections;
  }

  /** Forgets the connections that are closed. */
  reset(): void {
    this.#connections = [...this.#open.keys()];
  }

  /** Takes an upgrade, or throws what it is refused with. */
  upgrade(path: Path, url: URL, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asked = (this.#asked[path] += 1);
    const query = new Query(url.searchParams);
    const open = this.#opener(path, query);
    if (this.#taken >= this.#options.maxConnections) {
      throw new SpeechApiError(429, "TOO_MANY_REQUESTS", "Too many connections are open.");
    }
    this.#taken += 1;
    socket.once("close", () => (this.#taken -= 1));
    const faults = SpeechFaults.at(this.#options.faults, path, asked);
    const requestId = newUuid(this.#core.random);
    void this.#shake({ path, faults, requestId }, socket, () => {
      const addHeader = (headers: string[]): void => void headers.push(`dg-request-id: ${requestId}`);
      this.#server.once("headers", addHeader);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = (this.#letIn[path] += 1);
        const init = { path, connection, requestId, query: query.all, clock: this.#core.clock, faults };
        this.#accept(webSocket, new SpeechSocket(webSocket, socket, init), open);
      });
      this.#server.off("headers", addHeader);
    });
  }

  /** Closes every connection, and cuts off those that do not answer in time. */
  async close(graceMs: number): Promise<void> {
    this.#closed.abort();
    const sockets = [...this.#open.values()];
    const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    for (const socket of sockets) socket.close(1001, "the server is shutting down");
    const timer = setTimeout(() => sockets.forEach((socket) => socket.terminate()), graceMs);
    await closed;
    clearTimeout(timer);
    this.#server.close();
  }

  /** Reads the query, which may throw a 400, and answers what starts its session. */
  #opener(path: Path, query: Query): Open {
    if (path === "speak") {
      const settings = readSpeakQuery(query);
      return (socket) => {
        this.#core.onEvent({ type: "opened", path, connection: socket.connection, model: settings.model });
        new SpeakSession(this.#core, socket, settings).start();
      };
    }
    const settings = readListenQuery(query);
    return (socket) => {
      this.#core.onEvent({ type: "opened", path, connection: socket.connection, model: settings.model });
      this.#listened = new ListenSession(this.#core, socket, settings, this.#listened?.progress);
      this.#listened.start();
    };
  }

  /** Goes through the faults of the handshake, then lets it happen. Never rejects. */
  async #shake({ path, faults, requestId }: Handshake, socket: Duplex, open: () => void): Promise<void> {
    try {
      for (const armed of faults) {
        const { fault } = armed;
        if (fault.fault !== "refuse" && fault.fault !== "delay") continue;
        armed.strike();
        if (fault.fault === "refuse") throw refusalOf(fault.status);
        await delay(fault.ms, { clock: this.#core.clock, signal: this.#closed.signal });
      }
      if (!socket.destroyed) open();
    } catch (error) {
      if (this.#closed.signal.aborted) return void socket.destroy();
      const { status, code } = toSpeechApiError(error);
      this.#core.onEvent({ type: "refused", path: `/v1/${path}`, status, code });
      refuseUpgrade(socket, toSpeechApiError(error), requestId);
    }
  }

  #accept(webSocket: WebSocket, socket: SpeechSocket, open: Open): void {
    const { path, connection } = socket;
    this.#open.set(socket, webSocket);
    this.#connections.push(socket);
    this.#forget();
    webSocket.once("close", (code, reason) => {
      this.#open.delete(socket);
      const durationMs = this.#core.clock.now() - socket.openedAtMs;
      const end = { path, connection, code, reason: reason.toString(), audioMs: socket.audioMs, durationMs };
      this.#core.onEvent({ type: "closed", ...end });
    });
    try {
      open(socket);
    } catch (error) {
      this.#core.logger.warn(
        `the script failed: ${error instanceof Error ? error.message : "it threw what is no error"}`,
      );
      socket.close(1011, "NET-0000");
    }
  }

  /** Lets go of the oldest that are closed. */
  #forget(): void {
    let surplus = this.#connections.length - this.#options.keptConnections;
    if (surplus <= 0) return;
    this.#connections = this.#connections.filter((one) => one.closed === undefined || surplus-- <= 0);
  }
}

function refusalOf(status = 503): SpeechApiError {
  return new SpeechApiError(status, "FAULT", "The upgrade was refused, as a fault asked for.");
}
