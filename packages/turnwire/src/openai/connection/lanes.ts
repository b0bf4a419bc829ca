import { limits } from "../../protocol/index.ts";
import type { ContinuableResponse, ResponseHolder } from "../request/index.ts";
import type { Tenant } from "./tenant.ts";

/** How many lanes a tenant moves over: the server keeps as many of its last completed responses. */
const lanesPerTenant = 4;

/** One for the next response, and one for the response that it continues. */
const leastLanes = 2;

/** How many tenants share a connection: each needs at least two lanes, and some requests in flight are abandoned ones. */
export const tenantsPerConnection = limits.maxInFlight - 3;

/**
 * A `stream_id` of a connection: one exchange at a time, and the server keeps its latest completed response. `Lanes`
 * says whose it is, its exchange what becomes of it.
 */
export class Lane implements ResponseHolder {
  /** Undefined for the default lane. */
  name: string | undefined;
  /** The tenant whose exchanges it carries. Those of another would replace the response that it keeps. */
  tenant: Tenant | undefined;
  /** Rises with every use. */
  usedAt = 0;
  #latest: ContinuableResponse | undefined;
  #isOccupied = false;
  #holds = 0;

  constructor(name: string | undefined, tenant: Tenant | undefined) {
    this.name = name;
    this.tenant = tenant;
  }

  get latest(): ContinuableResponse | undefined {
    return this.#latest;
  }

  get isOccupied(): boolean {
    return this.#isOccupied;
  }

  get isFree(): boolean {
    return !this.#isOccupied && this.#holds === 0;
  }

  /** An exchange begins. */
  occupy(): void {
    this.#isOccupied = true;
  }

  /** Its exchange is over. */
  vacate(): void {
    this.#isOccupied = false;
  }

  /** An exchange on another lane is about to continue the latest response: until `release`, the lane must not move on. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
  }

  keep(response: ContinuableResponse | undefined): void {
    this.#latest = response;
  }

  /** Forgets the latest response if it is this one. */
  forget(responseId: string): void {
    if (this.#latest?.responseId === responseId) this.#latest = undefined;
  }
}

/** The lanes of a connection. Names are used again, since a connection has few. */
export class Lanes {
  readonly all: Lane[] = [];
  #uses = 0;

  /** Those whose responses the tenant's turns may continue. */
  of(tenant: Tenant): Lane[] {
    return this.all.filter((lane) => lane.tenant === tenant);
  }

  get inFlight(): number {
    return this.all.reduce((count, lane) => count + (lane.isOccupied ? 1 : 0), 0);
  }

  /**
   * Returns a free lane for the tenant's next exchange: a new one while the tenant has few, otherwise the one whose
   * response is the oldest. The parent's own comes last, so that the server keeps the parent. With less than two, the tenant
   * gets one of a tenant that has more. Undefined when none is free.
   */
  take(tenant: Tenant, parent: Lane | undefined, tenants: number): Lane | undefined {
    if (this.inFlight >= limits.maxInFlight) return undefined;
    const own = this.of(tenant);
    const share = Math.max(leastLanes, Math.min(lanesPerTenant, Math.floor(limits.maxLanes / Math.max(1, tenants))));
    const free = own.filter((lane) => lane.isFree && lane !== parent).toSorted((a, b) => worth(a) - worth(b));
    const lane =
      (own.length < share ? this.#unowned(tenant) : undefined) ??
      (own.length < leastLanes ? this.#takeOver(tenant, leastLanes) : undefined) ??
      free[0] ??
      this.#unowned(tenant) ??
      (parent?.isFree ? parent : undefined) ??
      this.#takeOver(tenant, 0);
    if (lane !== undefined) lane.usedAt = ++this.#uses;
    return lane;
  }

  /** The server has no lanes: what was sent on this one went over the default lane. */
  collapseTo(lane: Lane): void {
    lane.name = undefined;
    this.all.splice(0, this.all.length, lane);
  }

  /** Returns the only lane of a server that has no others, if it is free. */
  takeDefault(tenant: Tenant): Lane | undefined {
    let lane = this.all.find(({ name }) => name === undefined);
    if (lane === undefined) this.all.push((lane = new Lane(undefined, tenant)));
    if (!lane.isFree || this.inFlight > 0) return undefined;
    lane.tenant = tenant;
    lane.usedAt = ++this.#uses;
    return lane;
  }

  /** A tenant has left: any tenant may use its lanes as soon as they are free. */
  release(tenant: Tenant): void {
    for (const lane of this.of(tenant)) {
      lane.tenant = undefined;
      lane.keep(undefined);
    }
  }

  /** A new lane, or a free one of a tenant that has left. */
  #unowned(tenant: Tenant): Lane | undefined {
    if (this.all.length >= limits.maxLanes) return this.#reuse(tenant, (lane) => lane.tenant === undefined);
    const lane = new Lane(String(this.all.length + 1), tenant);
    this.all.push(lane);
    return lane;
  }

  /** A lane of a tenant that has more than `least`. */
  #takeOver(tenant: Tenant, least: number): Lane | undefined {
    return this.#reuse(tenant, ({ tenant: owner }) => owner !== undefined && this.of(owner).length > least);
  }

  /** The name of the free lane unused the longest, as a lane of the tenant. */
  #reuse(tenant: Tenant, isEligible: (lane: Lane) => boolean): Lane | undefined {
    const eligible = this.all.filter((lane) => lane.isFree && isEligible(lane));
    const [oldest] = eligible.toSorted((a, b) => a.usedAt - b.usedAt);
    if (oldest === undefined) return undefined;
    const lane = new Lane(oldest.name, tenant);
    this.all[this.all.indexOf(oldest)] = lane;
    return lane;
  }
}

function worth(lane: Lane): number {
  return lane.latest === undefined ? 0 : lane.usedAt;
}
