import type { Peer, Reception, SimSocket } from "../world/network.ts";
import { mix, Random } from "../world/random.ts";
import { secret } from "../laws/secret.ts";
import { ServerConnection } from "./connection.ts";
import type { ServerHost } from "./host.ts";

const statuses = [401, 403, 404, 426, 429, 500, 501, 503];

/**
 * The Responses server according to `docs/protocol.md`. It shares no code with the embedded server, so that one misreading of
 * the protocol cannot hide in both.
 */
export class ServerModel {
  readonly #host: ServerHost;
  readonly #random: Random;

  constructor(host: ServerHost) {
    this.#host = host;
    this.#random = new Random(mix(host.scenario.seed, 7));
  }

  /** Draws how a connection attempt ends. */
  receive(_socket: SimSocket): Reception {
    const random = this.#random;
    const afterMs = random.int(20);
    if (!random.chance(this.#host.scenario.badConnect)) return { kind: "accept", afterMs };
    switch (random.int(6)) {
      case 0:
      case 1: {
        const status = random.pick(statuses);
        const headers: Record<string, string> = status === 429 ? { "retry-after": "1" } : {};
        const body = random.chance(0.3) ? `{"error":{"message":"Bad key Bearer ${secret}"}}` : "no";
        return { kind: "refuse", afterMs, status, headers, body };
      }
      case 2:
        return { kind: "reset", afterMs };
      case 3:
        return { kind: "accept", afterMs: random.int(15_000) };
      case 4:
        return { kind: "never" };
      default:
        return {
          kind: "close at once",
          afterMs,
          code: random.pick([1008, 1011, 1006]),
          reason: random.chance(0.5) ? `key ${secret}` : "",
        };
    }
  }

  accepted(socket: SimSocket): void {
    const connection: Peer = new ServerConnection(this.#host, socket);
    socket.peer = connection;
  }
}
