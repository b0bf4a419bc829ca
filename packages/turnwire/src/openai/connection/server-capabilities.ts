import { isObject, type RawEvent } from "../../protocol/index.ts";

/** No server is known to end connections sooner. */
const shortestLimitMs = 5 * 60_000;

/** The facts that services have learned of a server. Undefined: not yet known. */
export class ServerCapabilities {
  #lanes: boolean | undefined;
  #warmUp: boolean | undefined;
  #maxConnectionAgeMs: number;

  constructor(maxConnectionAgeMs: number) {
    this.#maxConnectionAgeMs = maxConnectionAgeMs;
  }

  /** Whether it answers on the lane that was asked for. */
  get lanes(): boolean | undefined {
    return this.#lanes;
  }

  /** Whether it knows `generate: false`. */
  get warmUp(): boolean | undefined {
    return this.#warmUp;
  }

  /** How old a connection may become, in milliseconds. */
  get maxConnectionAgeMs(): number {
    return this.#maxConnectionAgeMs;
  }

  /** An event of a request tells whether the server answers on the lane that was asked for. */
  learnLanesFrom(event: RawEvent): void {
    if (this.#lanes !== undefined) return;
    if (typeof event.stream_id === "string") this.#lanes = true;
    else if (belongsToResponse(event)) this.#lanes = false;
  }

  learnLanes(knowsLanes: boolean): void {
    this.#lanes = knowsLanes;
  }

  learnWarmUp(knowsWarmUp: boolean): void {
    this.#warmUp = knowsWarmUp;
  }

  /** A connection has reached the server's limit at this age: the next ones are replaced before. */
  learnAge(ageMs: number): void {
    // The error of a young connection means something else, and replacing connections all the time would be worse.
    if (ageMs >= shortestLimitMs) this.#maxConnectionAgeMs = Math.min(this.#maxConnectionAgeMs, ageMs * 0.9);
  }
}

/** Whether an event is certainly of a response: only such events tell whether the server knows lanes. */
function belongsToResponse(event: RawEvent): boolean {
  return isObject(event["response"]) || typeof event["output_index"] === "number";
}
