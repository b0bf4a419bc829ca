import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { monotonicMs, PreciseTimers } from "./time.ts";

export interface ProxyCounts {
  /** Connections since the start. */
  accepted: number;
  open: number;
  /** The most that were open at once. */
  peak: number;
}

/**
 * A TCP proxy that is as far away as its round-trip time says: half of it each way, order kept, as much at once as comes.
 * Connecting costs a round trip as it does over a real link: what a client says on a new connection counts as said one
 * round trip later, since a loopback connect is answered at once.
 */
export class DelayProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #timers: PreciseTimers;
  readonly #rttMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #lateMs: number[] = [];
  readonly counts: ProxyCounts = { accepted: 0, open: 0, peak: 0 };

  static async start(targetPort: number, rttMs: number, timers = new PreciseTimers()): Promise<DelayProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new DelayProxy(server, targetPort, rttMs, timers);
  }

  private constructor(server: Server, targetPort: number, rttMs: number, timers: PreciseTimers) {
    this.#server = server;
    this.#timers = timers;
    this.#rttMs = rttMs;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#join(client, targetPort));
  }

  /** How late each piece was passed on, beyond the delay asked for. */
  get lateMs(): readonly number[] {
    return this.#lateMs;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, targetPort: number): void {
    const openAt = monotonicMs() + this.#rttMs;
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.counts.accepted += 1;
    this.counts.open += 1;
    this.counts.peak = Math.max(this.counts.peak, this.counts.open);
    client.once("close", () => (this.counts.open -= 1));
    this.#pass(client, target, openAt);
    this.#pass(target, client, 0);
  }

  #pass(from: Socket, to: Socket, notBefore: number): void {
    this.#sockets.add(from);
    const later = (action: () => void): void => {
      const at = Math.max(monotonicMs(), notBefore) + this.#rttMs / 2;
      this.#timers.at(at, () => {
        this.#lateMs.push(monotonicMs() - at);
        action();
      });
    };
    let ended = false;
    from.on("data", (chunk: Buffer) => later(() => void (to.writable && to.write(chunk))));
    from.on("end", () => {
      ended = true;
      later(() => to.end());
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      if (!ended) later(() => to.destroy());
    });
  }
}
