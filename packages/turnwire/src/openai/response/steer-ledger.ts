import type { UserMessage } from "../../context/index.ts";
import { SteeringError } from "../../errors.ts";
import { isObject, normalizeError, type RawEvent, type ResponseInputItem } from "../../protocol/index.ts";

/** Input for a running turn: text, or user messages. */
export type SteeringInput = string | readonly UserMessage[];

/**
 * The outcome of a steer. `applied`: the reply goes on and takes the input into account. `pending`: the reply ended in
 * function calls, and the model gets the input after their outputs.
 */
export type SteeringOutcome = "applied" | "pending";

/** Input for a running turn, and the caller that waits for its outcome. */
export interface Steer {
  readonly input: SteeringInput;
  readonly messages: readonly UserMessage[];
  readonly items: readonly ResponseInputItem[];
  resolve(outcome: SteeringOutcome): void;
  reject(error: SteeringError): void;
}

interface Entry {
  /** Undefined once its turn has gone on without it. */
  steer: Steer | undefined;
  /** `doubtful`: the server may never report its outcome. */
  state: "sent" | "accepted" | "doubtful" | "applied" | "pending";
  /** The server's name for it. */
  id: string | undefined;
  /** The response that it was applied to. */
  successorId: string | undefined;
}

/**
 * The input that was steered into the responses of one exchange, and the server's answers. The exchange writes it as events
 * arrive. The turn, which may read the same events later, takes the outcomes from it.
 */
export class SteerLedger {
  #entries: Entry[] = [];
  #isUsed = false;
  #isQueued = false;

  /** Whether there was ever a steer. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Whether a steer has been neither accepted nor refused. */
  get isUnanswered(): boolean {
    return this.#entries.some(({ state }) => state === "sent");
  }

  /** Whether a successor may still follow. */
  get isOpen(): boolean {
    return this.#entries.some(({ state }) => state === "sent" || state === "accepted");
  }

  /** Whether the turn does not know the outcome of a steer yet. */
  get isUndecided(): boolean {
    return this.#entries.length > 0;
  }

  /** Whether input may be queued at the server for the request that continues the response. */
  get mayBeQueued(): boolean {
    return this.#isQueued || this.#entries.some(({ state }) => state !== "applied");
  }

  add(steer: Steer): void {
    this.#isUsed = true;
    this.#entries.push({ steer, state: "sent", id: undefined, successorId: undefined });
  }

  /** Takes an event of kind `steer` or `refused-steer`. */
  onSteerEvent(event: RawEvent): void {
    if (event.kind === "refused-steer") return this.#refuse();
    const named = isObject(event["steer"]) ? event["steer"]["id"] : undefined;
    const id = typeof named === "string" ? named : undefined;
    if (event.type === "response.steer.accepted") {
      const accepted = this.#entries.find(({ state }) => state === "sent");
      if (accepted !== undefined) Object.assign(accepted, { state: "accepted", id });
    } else if (event.type === "response.steer.failed") this.#fail(id, event);
    else if (event.type === "response.steer.pending") {
      this.#isQueued = true;
      this.#settle("pending", undefined);
    }
  }

  /** A successor has begun: it takes into account what the server has accepted. */
  onSuccessor(responseId: string): void {
    this.#settle("applied", responseId);
  }

  /** An error that names nothing has come within the response. It may answer the oldest steer, so no other answer is awaited. */
  onError(): void {
    const sent = this.#entries.find(({ state }) => state === "sent");
    if (sent !== undefined) sent.state = "doubtful";
  }

  /** Takes out the input that was applied to a successor. */
  takeApplied(successorId: string): Steer[] {
    return this.#take((entry) => entry.state === "applied" && entry.successorId === successorId);
  }

  /** Takes out the input that waits at the server for the next request. */
  takePending(): Steer[] {
    return this.#take(({ state }) => state === "pending");
  }

  /** Returns the steers whose outcome the turn does not know. The entries stay: the server may still answer. */
  release(): Steer[] {
    const left = this.#entries.flatMap(({ steer }) => steer ?? []);
    for (const entry of this.#entries) entry.steer = undefined;
    return left;
  }

  #settle(state: "applied" | "pending" | "doubtful", successorId: string | undefined): void {
    for (const entry of this.#entries) if (entry.state === "accepted") Object.assign(entry, { state, successorId });
  }

  #refuse(): void {
    const refused = this.#takeOut(this.#entries.find(({ state }) => state === "sent"));
    if (refused?.steer === undefined) return;
    const { input } = refused.steer;
    refused.steer.reject(new SteeringError("steering_not_supported", "the server cannot be steered", input));
  }

  #fail(id: string | undefined, event: RawEvent): void {
    const named = id === undefined ? undefined : this.#entries.find((entry) => entry.id === id);
    const failed = this.#takeOut(named ?? this.#entries.find(({ state }) => state === "sent"));
    // The response ended before it took it into account, and everything else that it had accepted.
    if (failed?.state === "accepted") this.#settle("doubtful", undefined);
    if (failed?.steer === undefined) return;
    const { code = "steering_failed", message = "the server did not say why" } = normalizeError(event);
    failed.steer.reject(new SteeringError(code, message, failed.steer.input));
  }

  #takeOut(entry: Entry | undefined): Entry | undefined {
    this.#entries = this.#entries.filter((one) => one !== entry);
    return entry;
  }

  #take(wanted: (entry: Entry) => boolean): Steer[] {
    const taken = this.#entries.filter(wanted);
    this.#entries = this.#entries.filter((entry) => !wanted(entry));
    return taken.flatMap(({ steer }) => steer ?? []);
  }
}
