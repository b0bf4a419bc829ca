import { LLMSteeredFrame } from "../../frames/index.ts";
import type { Inference, InferenceResult } from "../../llm/index.ts";
import { isObject, type RawEvent } from "../../protocol/index.ts";
import type { ContinuableResponse, ResponsePart } from "../request/index.ts";
import type { Conversation } from "../request/index.ts";
import { deliver, resultOf } from "./deliver.ts";
import { ResponseReader } from "./response-reader.ts";
import type { SteerQueue } from "./steer-queue.ts";

/** A response and the successors that follow from it by steering, read as one reply. */
export class Reply {
  readonly #conversation: Conversation;
  readonly #inference: Inference;
  readonly #steering: SteerQueue;
  readonly #parts: ResponsePart[] = [];
  #reader = new ResponseReader();
  #result: InferenceResult | undefined;

  constructor(conversation: Conversation, inference: Inference, steering: SteerQueue) {
    this.#conversation = conversation;
    this.#inference = inference;
    this.#steering = steering;
  }

  /** Whether the server has ended the response being read, well or not. */
  get ended(): boolean {
    return this.#reader.ended;
  }

  /** The result, once the response has ended; a successor may still follow. */
  get result(): InferenceResult | undefined {
    return this.#result;
  }

  /** Whether the response ended because a successor goes on with what was said to it. */
  get hasSuccessor(): boolean {
    return this.#result?.incompleteReason === "steered";
  }

  /** Whether the server has yet to say if a successor follows. */
  get isUndecided(): boolean {
    return this.#steering.isUndecided || this.hasSuccessor;
  }

  /**
   * The response that the server can continue. Undefined if steered input may be queued at the server: it would go in front
   * of the next request's input.
   */
  get continuable(): ContinuableResponse | undefined {
    const { result } = this.#reader;
    if (this.#steering.mayBeQueued || !result?.completed || result.responseId === undefined) return undefined;
    return { responseId: result.responseId, conversation: this.#conversation, parts: this.#parts };
  }

  /** Delivers what an event says; the promise, if any, resolves when there is room for more. */
  take(event: RawEvent): void | Promise<void> {
    if (event.kind === "created") return this.#onCreated(event);
    if (event.kind === "refused-steer") return;
    if (event.kind === "steer") return event.type === "response.steer.pending" ? this.#onPending() : undefined;
    return this.#deliver(event);
  }

  #deliver(event: RawEvent): void | Promise<void> {
    const accepted = deliver(this.#reader, event, this.#inference);
    const { result } = this.#reader;
    if (result !== undefined && this.#reader.ended) {
      this.#result = resultOf(result, this.#inference);
      this.#parts.push({ kind: "output", items: result.output });
    }
    return accepted;
  }

  async #onCreated(event: RawEvent): Promise<void> {
    const id = isObject(event["response"]) ? event["response"]["id"] : undefined;
    if (this.#result !== undefined) await this.#onSuccessor(id);
    if (typeof id === "string") this.#steering.onCreated(id);
    await this.#deliver(event);
  }

  async #onSuccessor(id: unknown): Promise<void> {
    const { messages, items } = this.#steering.takeApplied(typeof id === "string" ? id : "");
    this.#parts.push({ kind: "input", items });
    this.#result = undefined;
    this.#reader = new ResponseReader();
    await this.#inference.emit(new LLMSteeredFrame(messages));
  }

  async #onPending(): Promise<void> {
    await this.#inference.emit(new LLMSteeredFrame(this.#steering.takePending().messages, { pending: true }));
  }
}
