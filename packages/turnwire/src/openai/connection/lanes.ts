import { limits } from "../../protocol/index.ts";
import { Lane } from "./exchange.ts";

/** How many lanes an owner moves over: as many of its last completed responses stay alive at the server. */
const lanesPerOwner = 4;

/** How many owners a connection takes: each is to have two lanes at least, and some in flight are for abandoned replies. */
export const ownersPerConnection = limits.maxInFlight - 3;

/** The lanes of a connection: names are reused, not minted. */
export class Lanes {
  readonly all: Lane[] = [];
  #uses = 0;

  /** Those whose responses the owner's turns may continue. */
  of(owner: object): Lane[] {
    return this.all.filter((lane) => lane.owner === owner);
  }

  get inFlight(): number {
    return this.all.reduce((count, lane) => count + (lane.exchange === undefined ? 0 : 1), 0);
  }

  /**
   * A free lane for the owner's next turn: a new one while it has few, else the one whose response is the oldest; the
   * parent's own only when there is no other, so that the parent stays alive. Undefined when all are taken.
   */
  take(owner: object, parent: Lane | undefined, owners: number): Lane | undefined {
    if (this.inFlight >= limits.maxInFlight) return undefined;
    const own = this.of(owner);
    const share = Math.max(2, Math.min(lanesPerOwner, Math.floor(limits.maxLanes / Math.max(1, owners))));
    const free = own.filter((lane) => lane.isFree && lane !== parent).toSorted((a, b) => worth(a) - worth(b));
    const lane =
      (own.length < share ? this.#mint(owner) : undefined) ??
      free[0] ??
      this.#mint(owner) ??
      (parent?.isFree ? parent : undefined) ??
      this.#takeOver(owner);
    if (lane !== undefined) lane.usedAt = ++this.#uses;
    return lane;
  }

  /** The server knows no lanes: what was asked for on one went over the default lane. */
  collapseTo(lane: Lane): void {
    lane.name = undefined;
    this.all.splice(0, this.all.length, lane);
  }

  /** The only lane of a server that knows no others. */
  takeDefault(owner: object): Lane | undefined {
    let lane = this.all.find(({ name }) => name === undefined);
    if (lane === undefined) this.all.push((lane = new Lane(undefined, owner)));
    if (!lane.isFree || this.inFlight > 0) return undefined;
    lane.owner = owner;
    lane.usedAt = ++this.#uses;
    return lane;
  }

  #mint(owner: object): Lane | undefined {
    if (this.all.length >= limits.maxLanes) return undefined;
    const lane = new Lane(String(this.all.length + 1), owner);
    this.all.push(lane);
    return lane;
  }

  /** An owner has gone: its lanes are anybody's. */
  release(owner: object): void {
    for (const [index, lane] of this.all.entries()) {
      if (lane.owner === owner && lane.isFree) this.all[index] = new Lane(lane.name, undefined);
    }
  }

  /** A name nobody uses any more, or the one unused the longest. */
  #takeOver(owner: object): Lane | undefined {
    const index = this.all.reduce((best, lane, at) => {
      if (!lane.isFree) return best;
      return best === -1 || lane.usedAt < this.all[best]!.usedAt ? at : best;
    }, -1);
    if (index === -1) return undefined;
    const lane = new Lane(this.all[index]!.name, owner);
    this.all[index] = lane;
    return lane;
  }
}

function worth(lane: Lane): number {
  return lane.latest === undefined ? 0 : lane.usedAt;
}
