import type { SocketFactory } from "turnwire/provider";
import type { Endpoint } from "../laws/ledger.ts";
import { type NetworkHost, SimSocket } from "./network.ts";
import { mix, Random } from "./random.ts";
import { ServiceClock } from "./timeline.ts";

export class SimEndpoint implements Endpoint {
  readonly name: string;
  readonly clock: ServiceClock;
  readonly sockets: SimSocket[] = [];
  diedYoung = 0;
  failedTries = 0;
  readonly socketFactory: SocketFactory;

  constructor(host: NetworkHost, name: string, seed: number) {
    this.name = name;
    this.clock = new ServiceClock(host.timeline);
    this.socketFactory = (target, handlers) =>
      new SimSocket(host, this, target, handlers, new Random(mix(seed, this.sockets.length)));
  }

  get openSockets(): SimSocket[] {
    return this.sockets.filter(({ state }) => state !== "closed");
  }
}
