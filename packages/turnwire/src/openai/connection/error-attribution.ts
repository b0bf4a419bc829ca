import { errorCodes, isKnownErrorCode, type WireError } from "../../protocol/index.ts";

/** What an error event is the answer to. `unclear`: to a cancel, or to the request that has not begun. */
export type ErrorOwner = "cancel" | "steer" | "request" | "unclear";

/** What a server says that does not know an event: its own requests never meet it. */
const unknownEvent = /\bevent type\b/i;

/**
 * Knows what was sent beside requests, cancels and steers, and tells the errors that answer them from those of requests.
 * The answer to a cancel comes before, among or after the cancelled response's last events, and need not say what it is.
 */
export class SideAnswers {
  /** Whether the server has answered that it does not cancel. */
  refusesCancel = false;
  /** Responses a cancel was sent for that has not been answered. */
  readonly #cancelled = new Set<string>();
  #steers = 0;

  cancelSent(responseId: string): void {
    this.#cancelled.add(responseId);
  }

  steerSent(): void {
    this.#steers += 1;
  }

  steerAnswered(): void {
    this.#steers = Math.max(0, this.#steers - 1);
  }

  /** Whose an error is; what it answers is answered then. */
  ownerOf(wire: WireError): ErrorOwner {
    const { code, message = "", param } = wire;
    // The cancelled response may be the very one a request was to continue.
    if (param === "previous_response_id" || code === errorCodes.previousResponseNotFound) return "request";
    const named = [...this.#cancelled].find((responseId) => message.includes(responseId));
    if (named !== undefined || code?.includes("cancel") || message.includes("response.cancel")) {
      return this.#answerCancel(named, wire);
    }
    if (message.includes("response.steer")) return this.#answerSteer();
    if (unknownEvent.test(message) || param === "type" || param === "response_id") {
      if (this.#cancelled.size > 0) return this.#answerCancel(undefined, wire);
      if (this.#steers > 0) return this.#answerSteer();
    }
    return this.#cancelled.size > 0 && param === undefined && !isKnownErrorCode(code) ? "unclear" : "request";
  }

  #answerCancel(responseId: string | undefined, { code }: WireError): ErrorOwner {
    const [oldest] = this.#cancelled;
    // One answer for one cancel: those to other cancels are still to come.
    const answered = responseId ?? oldest;
    if (answered !== undefined) this.#cancelled.delete(answered);
    // That there is nothing left to cancel is said by servers that do.
    this.refusesCancel ||= code !== "response_not_active";
    return "cancel";
  }

  #answerSteer(): ErrorOwner {
    this.steerAnswered();
    return "steer";
  }
}
