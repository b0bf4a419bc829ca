import { ClientUnderTest } from "./client-under-test.ts";
import { type Peer, type PeerId, peerOf, peers } from "./peers.ts";

/** The processes of all clients during a scenario. */
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
   * Runs a measurement for each client, one after the other. With `--quick` all clients run at the same time, because such a
   * measurement mostly waits.
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
   * Repeats a measurement that mostly waits: with `--quick` each client at its own pace. The order of the clients stays the
   * same, so that the pauses between the turns of a client are alike: over HTTP, Node closes a connection after 4 s without a
   * request.
   */
  async turns(count: number, measure: (client: ClientUnderTest) => Promise<void>): Promise<void> {
    const all = async (client: ClientUnderTest): Promise<void> => {
      for (let turn = 0; turn < count; turn += 1) await measure(client);
    };
    if (this.#quick) await Promise.all(this.clients.map(all));
    else for (let turn = 0; turn < count; turn += 1) await this.each(measure);
  }

  /**
   * Repeats a measurement that keeps a core busy, so the clients never run at the same time. The order changes from round to
   * round.
   * @param joins Whether a client takes part in a round, counted from 0; default: every client in every round.
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
