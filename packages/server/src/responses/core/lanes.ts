import type { RequestRecord } from "./request-log.ts";

/** One lane of a connection: its requests run one after the other. */
export class Lane {
  /** Absent: the default lane. */
  readonly name: string | undefined;

  constructor(name: string | undefined) {
    this.name = name;
  }
}

/** A request on its lane. */
export interface Work {
  readonly lane: Lane;
  /** Of the request, and then of each successor that steering gives it. */
  record: RequestRecord;
  readonly controller: AbortController;
  /** Never rejects. */
  run(): Promise<void>;
}

/** Runs the work of one connection: first in, first out within a lane, lanes side by side, up to a number at once. */
export class LaneScheduler {
  readonly #lanes = new Map<string | undefined, Lane>();
  readonly #running = new Map<Lane, Work>();
  readonly #maxInFlight: number;
  readonly #maxNamedLanes: number;
  #waiting: Work[] = [];

  constructor(maxInFlight: number, maxNamedLanes: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxNamedLanes = maxNamedLanes;
    this.#lanes.set(undefined, new Lane(undefined));
  }

  /** The lane of that name, or undefined when the connection has had too many already. */
  lane(name: string | undefined): Lane | undefined {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    if (this.#lanes.size > this.#maxNamedLanes) return undefined;
    const lane = new Lane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  /** How many requests wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether a request on the lane would have to wait. */
  isBusy(lane: Lane): boolean {
    return this.#running.size >= this.#maxInFlight || this.#running.has(lane);
  }

  running(): Work[] {
    return [...this.#running.values()];
  }

  /** Whether a request that continues the response waits on the lane. */
  continues(lane: Lane, responseId: string): boolean {
    return this.#waiting.some((work) => work.lane === lane && work.record.body["previous_response_id"] === responseId);
  }

  add(work: Work): void {
    this.#waiting.push(work);
    this.#startWaiting();
  }

  /** Ends what runs; answers what waited and never will be. */
  abortAll(): Work[] {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const work of this.running()) work.controller.abort();
    return dropped;
  }

  #startWaiting(): void {
    for (const work of [...this.#waiting]) {
      if (this.#running.size >= this.#maxInFlight) return;
      const { lane } = work;
      if (this.#running.has(lane)) continue;
      this.#waiting.splice(this.#waiting.indexOf(work), 1);
      this.#start(work);
    }
  }

  #start(work: Work): void {
    this.#running.set(work.lane, work);
    void work.run().finally(() => {
      this.#running.delete(work.lane);
      this.#startWaiting();
    });
  }
}
