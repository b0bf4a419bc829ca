import { ClientUnderTest } from "./client-under-test.ts";
import { type Peer, type PeerId, peerOf, peers } from "./peers.ts";

/** Every client's process, for as long as a scenario takes. */
export class Lab implements AsyncDisposable {
  readonly clients: readonly ClientUnderTest[];
  readonly #quick: boolean;

  static async start(quick: boolean, wanted: readonly Peer[] = peers): Promise<Lab> {
    return new Lab(await Promise.all(wanted.map((peer) => ClientUnderTest.start(peer))), quick);
  }

  private constructor(clients: readonly ClientUnderTest[], quick: boolean) {
    this.clients = clients;
    this.#quick = quick;
  }

  /**
   * Has each client do something, one after the other, so that what is compared is measured side by side. `--quick` has
   * what mostly waits done by all at the same time.
   */
  async each<T>(measure: (client: ClientUnderTest) => Promise<T>): Promise<Map<PeerId, T>> {
    const one = async (client: ClientUnderTest): Promise<[PeerId, T]> => [
      client.peer.id as PeerId,
      await measure(client),
    ];
    if (this.#quick) return new Map(await Promise.all(this.clients.map(one)));
    const all = new Map<PeerId, T>();
    for (const client of this.clients) all.set(...(await one(client)));
    return all;
  }

  /**
   * The same again and again: with `--quick` each client at its own pace. The order stays, so that the pauses between a
   * client's turns are alike: over HTTP a connection is given up after 4 s without a request.
   */
  async turns(count: number, measure: (client: ClientUnderTest) => Promise<void>): Promise<void> {
    const all = async (client: ClientUnderTest): Promise<void> => {
      for (let turn = 0; turn < count; turn += 1) await measure(client);
    };
    if (this.#quick) await Promise.all(this.clients.map(all));
    else for (let turn = 0; turn < count; turn += 1) await this.each(measure);
  }

  /**
   * The same for what keeps a core busy, which is never done side by side. The order changes from round to round.
   * @param joins Whether a client takes part in a round, counted from 0; default: each in all.
   */
  async rounds<T>(
    count: number,
    measure: (client: ClientUnderTest) => Promise<T>,
    joins: (client: ClientUnderTest, round: number) => boolean = () => true,
  ): Promise<Map<PeerId, T[]>> {
    const all = new Map(this.clients.map(({ peer }): [PeerId, T[]] => [peer.id as PeerId, []]));
    for (let round = 0; round < count; round += 1) {
      const wanted = this.clients.filter((client) => joins(client, round));
      const order = round % 2 === 0 ? wanted : wanted.toReversed();
      for (const client of order) all.get(client.peer.id as PeerId)!.push(await measure(client));
    }
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clients.map((client) => client[Symbol.asyncDispose]()));
  }
}

export function nameOf(id: PeerId): string {
  return peerOf(id).name;
}
