import type { RequestRecord } from "./request-log.ts";

/** One lane of a connection: its requests run one after the other. */
export class Lane {
  /** Absent: the default lane. */
  readonly name: string | undefined;

  constructor(name: string | undefined) {
    this.name = name;
  }
}

/** A request that waits in the queue of its lane, or is being answered. */
export interface QueuedRequest {
  readonly lane: Lane;
  /** Of the request, and then of each successor that steering gives it. */
  record: RequestRecord;
  readonly controller: AbortController;
  /** Never rejects. */
  run(): Promise<void>;
}

/** Runs the requests of one connection: one after the other on a lane, lanes side by side, up to a number at once. */
export class LaneScheduler {
  readonly #lanes = new Map<string | undefined, Lane>();
  readonly #running = new Map<Lane, QueuedRequest>();
  readonly #maxInFlight: number;
  readonly #maxNamedLanes: number;
  #waiting: QueuedRequest[] = [];

  constructor(maxInFlight: number, maxNamedLanes: number) {
    this.#maxInFlight = maxInFlight;
    this.#maxNamedLanes = maxNamedLanes;
    this.#lanes.set(undefined, new Lane(undefined));
  }

  /** The lane of that name; undefined if the connection has had too many. */
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

  running(): QueuedRequest[] {
    return [...this.#running.values()];
  }

  /** Whether a request that continues the response waits on the lane. */
  continues(lane: Lane, responseId: string): boolean {
    return this.#waiting.some(
      (queued) => queued.lane === lane && queued.record.body["previous_response_id"] === responseId,
    );
  }

  add(queued: QueuedRequest): void {
    this.#waiting.push(queued);
    this.#startWaiting();
  }

  /** Aborts the running requests and returns those that waited. */
  abortAll(): QueuedRequest[] {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const queued of this.running()) queued.controller.abort();
    return dropped;
  }

  #startWaiting(): void {
    for (const queued of [...this.#waiting]) {
      if (this.#running.size >= this.#maxInFlight) return;
      const { lane } = queued;
      if (this.#running.has(lane)) continue;
      this.#waiting.splice(this.#waiting.indexOf(queued), 1);
      this.#start(queued);
    }
  }

  #start(queued: QueuedRequest): void {
    this.#running.set(queued.lane, queued);
    void queued.run().finally(() => {
      this.#running.delete(queued.lane);
      this.#startWaiting();
    });
  }
}
