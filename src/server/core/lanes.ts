import type { CompletedResponse } from "./request.ts";
import type { RequestRecord } from "./request-log.ts";

/** One lane of a connection: its requests run one after the other, and its latest completed response is kept. */
export class Lane {
  /** Absent: the default lane. */
  readonly name: string | undefined;
  latest: CompletedResponse | undefined;

  constructor(name: string | undefined) {
    this.name = name;
  }

  /** A continuation on the same lane that failed takes its parent with it; a fork from another lane does not. */
  evictParent(body: Record<string, unknown>): void {
    if (this.latest !== undefined && this.latest.id === body["previous_response_id"]) this.latest = undefined;
  }
}

/** A request on its lane. */
export interface Work {
  readonly lane: Lane;
  readonly record: RequestRecord;
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

  lanes(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  running(): Work[] {
    return [...this.#running.values()];
  }

  add(work: Work): void {
    this.#waiting.push(work);
    this.#startWaiting();
  }

  /** Ends what runs and drops what waits. */
  abortAll(): void {
    for (const work of this.#waiting) work.record.status = "cancelled";
    this.#waiting = [];
    for (const work of this.running()) work.controller.abort();
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
