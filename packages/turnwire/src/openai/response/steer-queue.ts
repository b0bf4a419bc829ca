import type { UserMessage } from "../../context/index.ts";
import { InvalidArgumentError, kindOf, SteeringError } from "../../errors.ts";
import type { ResponseInputItem } from "../../protocol/index.ts";
import { toInputContent } from "../request/index.ts";
import type { Steer, SteeringInput, SteeringOutcome, SteerLedger } from "./steer-ledger.ts";

/** A request whose responses can be steered. */
export interface SteerableStream {
  readonly steers: SteerLedger;
  /** Sends the message and enters the steer in the ledger; returns false when it cannot be sent here. */
  steer(message: string, steer: Steer): boolean;
}

/** Steered input as the conversation holds it: messages for the context, items for the server. */
export interface Steered {
  messages: readonly UserMessage[];
  items: readonly ResponseInputItem[];
}

/** The input for one running turn. It waits here until there is a response to steer. */
export class SteerQueue {
  #waiting: Steer[] = [];
  #stream: SteerableStream | undefined;
  #responseId: string | undefined;

  /** Whether the turn does not know the outcome of a steer yet. */
  get isUndecided(): boolean {
    return this.#stream?.steers.isUndecided ?? false;
  }

  /** Whether input may be queued at the server for the request that continues the response. */
  get mayBeQueued(): boolean {
    return this.#stream?.steers.mayBeQueued ?? false;
  }

  /**
   * Says something to the turn, at once or as soon as a response has begun.
   * @throws InvalidArgumentError; SteeringError by the promise.
   */
  add(input: SteeringInput): Promise<SteeringOutcome> {
    const messages = toMessages(input);
    const items = messages.map(toItem);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, messages, items, resolve, reject });
      this.#sendWaiting();
    });
  }

  /** The turn goes on over another stream. Input that had no effect on the one before is sent again. */
  moveTo(stream: SteerableStream): void {
    this.#waiting.unshift(...(this.#stream?.steers.release() ?? []));
    this.#stream = stream;
    this.#responseId = undefined;
  }

  /** A response has begun: the first one, or the successor of a steered one. */
  onCreated(responseId: string): void {
    this.#responseId = responseId;
    this.#sendWaiting();
  }

  /** Reports the input that was applied to a successor, and returns it. */
  takeApplied(successorId: string): Steered {
    return report(this.#stream?.steers.takeApplied(successorId) ?? [], "applied");
  }

  /** Reports the input that waits at the server for the next request, and returns it. */
  takePending(): Steered {
    return report(this.#stream?.steers.takePending() ?? [], "pending");
  }

  /** The turn is over. Input that the model has not taken into account had no effect. */
  end(code: string, message: string): void {
    const left = [...(this.#stream?.steers.release() ?? []), ...this.#waiting];
    this.#waiting = [];
    for (const steer of left) steer.reject(new SteeringError(code, message, steer.input));
  }

  #sendWaiting(): void {
    const [stream, responseId] = [this.#stream, this.#responseId];
    if (stream === undefined || responseId === undefined) return;
    this.#waiting = this.#waiting.filter((steer) => {
      const message = { type: "response.steer", previous_response_id: responseId, input: steer.items };
      return !stream.steer(JSON.stringify(message), steer);
    });
  }
}

/**
 * Checks the input for a running turn.
 * @throws InvalidArgumentError
 */
export function checkSteeringInput(input: SteeringInput): void {
  toMessages(input).map(toItem);
}

/** @throws InvalidArgumentError */
function toMessages(input: SteeringInput): readonly UserMessage[] {
  const messages: readonly UserMessage[] = typeof input === "string" ? [{ role: "user", content: input }] : input;
  if (!Array.isArray(messages) || messages.length === 0 || input === "") {
    throw new InvalidArgumentError("input", `expected text or user messages, got ${kindOf(input)}`);
  }
  return messages;
}

/** @throws InvalidArgumentError */
function toItem(message: UserMessage, index: number): ResponseInputItem {
  if (message?.role !== "user") {
    throw new InvalidArgumentError(`input[${index}].role`, "only user messages can steer a turn");
  }
  return { type: "message", role: "user", content: toInputContent(message.content, `input[${index}].content`) };
}

function report(steers: readonly Steer[], outcome: SteeringOutcome): Steered {
  for (const steer of steers) steer.resolve(outcome);
  return { messages: steers.flatMap(({ messages }) => messages), items: steers.flatMap(({ items }) => items) };
}
