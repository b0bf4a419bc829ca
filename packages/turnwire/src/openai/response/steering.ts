import type { ChatCompletionUserMessageParam } from "openai/resources/chat/completions";
import { InvalidArgumentError, kindOf, SteeringError } from "../../errors.ts";
import { isErrorEvent, isObject, normalizeError, type RawEvent, type ResponseInputItem } from "../../protocol/index.ts";
import { toInputContent } from "../request/content.ts";

/** What to say to a running turn: text, or user messages. */
export type SteeringInput = string | readonly ChatCompletionUserMessageParam[];

/**
 * What became of it: `applied`, the answer goes on with it in mind; or `pending`, the answer ended in function calls, and it
 * goes to the model behind their outputs.
 */
export type SteeringOutcome = "applied" | "pending";

/** The messages the conversation holds then, in both of the forms they are needed in. */
export interface Steered {
  messages: readonly ChatCompletionUserMessageParam[];
  items: readonly ResponseInputItem[];
}

interface Steer extends Steered {
  input: SteeringInput;
  id: string | undefined;
  state: "waiting" | "sent" | "accepted";
  resolve(outcome: SteeringOutcome): void;
  reject(error: SteeringError): void;
}

/** @throws InvalidArgumentError */
function toSteered(input: SteeringInput): Steered {
  const messages: readonly ChatCompletionUserMessageParam[] =
    typeof input === "string" ? [{ role: "user", content: input }] : input;
  if (!Array.isArray(messages) || messages.length === 0 || input === "") {
    throw new InvalidArgumentError("input", `expected text or user messages, got ${kindOf(input)}`);
  }
  const items = messages.map((message: ChatCompletionUserMessageParam, index): ResponseInputItem => {
    if (message?.role !== "user") {
      throw new InvalidArgumentError(`input[${index}].role`, "only user messages can steer a turn");
    }
    return { type: "message", role: "user", content: toInputContent(message.content, `input[${index}].content`) };
  });
  return { messages, items };
}

/** Follows what is said to one running turn from the caller to the successor of the steered response. */
export class Steering {
  readonly #send: (event: object) => void;
  #steers: Steer[] = [];
  #responseId: string | undefined;

  constructor(send: (event: object) => void) {
    this.#send = send;
  }

  /** Whether the server owes an answer about something. */
  get isUndecided(): boolean {
    return this.#steers.some(({ state }) => state !== "waiting");
  }

  /** Says something to the turn, at once or as soon as the response is known. */
  add(input: SteeringInput): Promise<SteeringOutcome> {
    const steered = toSteered(input);
    return new Promise((resolve, reject) => {
      this.#steers.push({ ...steered, input, id: undefined, state: "waiting", resolve, reject });
      this.#sendWaiting();
    });
  }

  /** The response to steer is known; it is another one after a successor has begun. */
  onCreated(responseId: string): void {
    this.#responseId = responseId;
    this.#sendWaiting();
  }

  /** Takes an answer of the server; true when the event was one. */
  take(event: RawEvent): boolean {
    if (isErrorEvent(event)) return this.#takeError(event);
    const steer = isObject(event["steer"]) ? event["steer"] : {};
    const id = typeof steer["id"] === "string" ? steer["id"] : undefined;
    switch (event.type) {
      case "response.steer.accepted": {
        const accepted = this.#steers.find(({ state }) => state === "sent");
        if (accepted !== undefined) Object.assign(accepted, { state: "accepted", id });
        return true;
      }
      case "response.steer.pending":
        return true;
      case "response.steer.failed":
        this.#fail(id, event);
        return true;
      default:
        return false;
    }
  }

  /** Whether an event says that what was accepted waits for function outputs. */
  static isPending(event: RawEvent): boolean {
    return event.type === "response.steer.pending";
  }

  /** What was accepted has gone into a response, or waits for the next request. */
  settle(outcome: SteeringOutcome): Steered {
    const settled = this.#steers.filter(({ state }) => state === "accepted");
    this.#steers = this.#steers.filter(({ state }) => state !== "accepted");
    for (const steer of settled) steer.resolve(outcome);
    return {
      messages: settled.flatMap(({ messages }) => messages),
      items: settled.flatMap(({ items }) => items),
    };
  }

  /** The turn is over: what has not been settled has not been said. */
  end(code: string, message: string): void {
    const left = this.#steers;
    this.#steers = [];
    for (const steer of left) steer.reject(new SteeringError(code, message, steer.input));
  }

  #sendWaiting(): void {
    if (this.#responseId === undefined) return;
    for (const steer of this.#steers) {
      if (steer.state !== "waiting") continue;
      steer.state = "sent";
      this.#send({ type: "response.steer", previous_response_id: this.#responseId, input: steer.items });
    }
  }

  /** A server that does not know the event answers it with an error: nobody else's. */
  #takeError(event: RawEvent): boolean {
    const sent = this.#steers.findIndex(({ state }) => state === "sent");
    const { message, param } = normalizeError(event);
    const isAnswer = param === "type" || /response\.steer|\bevent type\b/i.test(message ?? "");
    if (sent === -1) return message?.includes("response.steer") ?? false;
    if (!isAnswer) return false;
    const [steer] = this.#steers.splice(sent, 1);
    steer!.reject(new SteeringError("steering_not_supported", "the server cannot be steered", steer!.input));
    return true;
  }

  #fail(id: string | undefined, event: RawEvent): void {
    const index = this.#steers.findIndex((steer) => (id === undefined ? steer.state === "sent" : steer.id === id));
    const [failed] = index === -1 ? [] : this.#steers.splice(index, 1);
    const { code, message } = normalizeError(event);
    failed?.reject(new SteeringError(code ?? "steering_failed", message ?? "the server did not say why", failed.input));
  }
}
