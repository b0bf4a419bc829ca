import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { monotonicMs, PreciseTimers } from "./time.ts";
import { Uplink, type UplinkOptions } from "./uplink.ts";

export interface ProxyCounts {
  /** How many connections clients have opened since the start. */
  accepted: number;
  open: number;
  /** The largest number of connections that were open at once. */
  peak: number;
}

/** When a client sent something, and how many bytes. */
export type Sent = readonly [at: number, bytes: number];

/**
 * A TCP proxy that adds a round-trip time, half of it in each direction, and keeps the order. Connecting costs a round trip, as
 * it does over a real link: what a client sends on a new connection counts as sent one round trip later, because a loopback
 * connect returns at once.
 */
export class DelayProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #timers: PreciseTimers;
  readonly #rttMs: number;
  readonly #uplink: UplinkOptions | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #targets = new Set<Socket>();
  readonly #lateMs: number[] = [];
  #sent: Sent[] = [];
  readonly counts: ProxyCounts = { accepted: 0, open: 0, peak: 0 };

  /** @param uplink Limits for what clients send. Without it the link takes any amount at once. */
  static async start(
    targetPort: number,
    rttMs: number,
    timers = new PreciseTimers(),
    uplink?: UplinkOptions,
  ): Promise<DelayProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new DelayProxy(server, targetPort, rttMs, timers, uplink);
  }

  private constructor(
    server: Server,
    targetPort: number,
    rttMs: number,
    timers: PreciseTimers,
    uplink: UplinkOptions | undefined,
  ) {
    this.#server = server;
    this.#timers = timers;
    this.#rttMs = rttMs;
    this.#uplink = uplink;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#join(client, targetPort));
  }

  /** How much later than the requested delay each piece was passed on. */
  get lateMs(): readonly number[] {
    return this.#lateMs;
  }

  /** Returns what clients have sent since the previous call. */
  takeSent(): Sent[] {
    const taken = this.#sent;
    this.#sent = [];
    return taken;
  }

  /** Ends the server's side of every connection. The client learns of it half a round trip later. */
  cut(): void {
    for (const target of this.#targets) target.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, targetPort: number): void {
    const openAt = monotonicMs() + this.#rttMs;
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#targets.add(target);
    target.once("close", () => this.#targets.delete(target));
    this.counts.accepted += 1;
    this.counts.open += 1;
    this.counts.peak = Math.max(this.counts.peak, this.counts.open);
    client.once("close", () => (this.counts.open -= 1));
    client.on("data", (chunk: Buffer) => void this.#sent.push([monotonicMs(), chunk.length]));
    this.#pass(client, target, openAt, this.#uplink && new Uplink(this.#uplink, this.#rttMs));
    this.#pass(target, client, 0);
  }

  #pass(from: Socket, to: Socket, notBefore: number, uplink?: Uplink): void {
    this.#sockets.add(from);
    const later = (action: () => void, bytes = 0): void => {
      const now = Math.max(monotonicMs(), notBefore);
      const at = (uplink?.leavesAt(now, bytes) ?? now) + this.#rttMs / 2;
      this.#timers.at(at, () => {
        this.#lateMs.push(monotonicMs() - at);
        action();
      });
    };
    let ended = false;
    from.on("data", (chunk: Buffer) => later(() => void (to.writable && to.write(chunk)), chunk.length));
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
