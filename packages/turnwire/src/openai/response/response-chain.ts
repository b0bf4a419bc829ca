import { LLMSteeredFrame } from "../../frames/index.ts";
import type { RawEvent } from "../../protocol/index.ts";
import type { InferenceResult, Inference } from "../../llm/index.ts";
import type { ContinuableResponse, ResponsePart } from "../request/continuation.ts";
import type { Conversation } from "../request/conversation.ts";
import type { Exchange } from "../connection/exchange.ts";
import { deliver, resultOf } from "./deliver.ts";
import { ResponseReader } from "./response-reader.ts";
import { Steering } from "./steering.ts";

/** The answer of one turn: a response, and those that follow from it by steering, as one. */
export class Answer {
  readonly #exchange: Exchange;
  readonly #conversation: Conversation;
  readonly #turn: Inference;
  readonly #steering: Steering;
  readonly #parts: ResponsePart[] = [];
  #reader = new ResponseReader();
  #result: InferenceResult | undefined;
  /** Whether something is, or may be, queued at the server for what continues this response. */
  #isQueued = false;

  constructor(exchange: Exchange, conversation: Conversation, turn: Inference, steering: Steering) {
    this.#exchange = exchange;
    this.#conversation = conversation;
    this.#turn = turn;
    this.#steering = steering;
  }

  /** Whether the server has ended the response being read, well or not. */
  get ended(): boolean {
    return this.#reader.ended;
  }

  /** The result, once the response has ended; another one may still follow from it. */
  get result(): InferenceResult | undefined {
    return this.#result;
  }

  /** Whether the response ended so that another one goes on with what was said to it. */
  get hasSuccessor(): boolean {
    return this.#result?.incompleteReason === "steered";
  }

  /** Whether the server owes a word on whether another response follows. */
  get isUndecided(): boolean {
    return this.#steering.isUndecided || this.hasSuccessor;
  }

  /** What the server can continue. What is queued there would go in front of what continues it: then nothing is to. */
  get continuable(): ContinuableResponse | undefined {
    const result = this.#reader.result;
    if (this.#isQueued || !result?.completed || result.responseId === undefined) return undefined;
    return { responseId: result.responseId, conversation: this.#conversation, parts: this.#parts };
  }

  /** The server has not said what becomes of what was said to the response: it may be queued there. */
  leaveUndecided(): void {
    this.#isQueued = true;
  }

  /** Delivers what an event says; the promise, if any, resolves when there is room for more. */
  take(event: RawEvent): void | Promise<void> {
    const isSteering = this.#steering.take(event);
    const isSimple = !isSteering && event.type !== "response.created";
    return isSimple ? this.#deliver(event) : this.#takeTurn(event, isSteering);
  }

  /** Takes an event that begins a response, or is about what was said to one. */
  async #takeTurn(event: RawEvent, isSteering: boolean): Promise<void> {
    if (event.type === "response.created") await this.#onCreated();
    if (Steering.isPending(event)) {
      this.#isQueued = true;
      await this.#turn.emit(new LLMSteeredFrame(this.#steering.settle("pending").messages, { pending: true }));
    }
    if (!isSteering) await this.#deliver(event);
  }

  #deliver(event: RawEvent): void | Promise<void> {
    const accepted = deliver(this.#reader, event, this.#turn);
    const { result } = this.#reader;
    if (result !== undefined && this.#reader.ended) {
      this.#result = resultOf(result, this.#turn);
      this.#parts.push({ kind: "output", items: result.output });
    }
    return accepted;
  }

  async #onCreated(): Promise<void> {
    if (this.#result !== undefined) {
      const { messages, items } = this.#steering.settle("applied");
      this.#parts.push({ kind: "input", items });
      this.#result = undefined;
      this.#reader = new ResponseReader();
      await this.#turn.emit(new LLMSteeredFrame(messages));
    }
    if (this.#exchange.responseId !== undefined) this.#steering.onCreated(this.#exchange.responseId);
  }
}
