import { type Clock, Deadline, type Logger, untilAborted } from "../async/index.ts";
import {
  isErrorEvent,
  isObject,
  isTerminalEvent,
  normalizeError,
  parseEvent,
  type RawEvent,
} from "../protocol/index.ts";
import type { WebsocketConnection } from "../websocket/index.ts";
import { Continuation } from "./continuation.ts";
import type { Conversation } from "./conversation.ts";

export interface ChannelOptions {
  /** How long the rest of an abandoned response may take to pass, in milliseconds. */
  drainTimeoutMs: number;
  clock: Clock;
  logger: Logger;
}

/** A request that was sent and whose answer nobody waits for any more. */
export interface Abandoned {
  conversation: Conversation;
  /** Absent when the server had not said it yet. */
  responseId: string | undefined;
}

/** What an error event is to the turn that meets it. */
export type ErrorOwner = "turn" | "cancel" | "unclear";

/**
 * What is known of the Responses API at the other end of one connection: the response to continue, and whether an
 * abandoned one is still passing. Deltas carry no response id, so that nothing may be sent before it has passed.
 */
export class ResponsesChannel {
  readonly continuation = new Continuation();
  readonly connection: WebsocketConnection;
  readonly #options: ChannelOptions;
  #drained: Promise<void> | undefined;
  #cancelRefused = false;
  #lastResponseId: string | undefined;
  /** The response a cancel was sent for that the server has not answered. */
  #cancelled: string | undefined;

  constructor(connection: WebsocketConnection, options: ChannelOptions) {
    this.connection = connection;
    this.#options = options;
  }

  /** Resolves once no abandoned response is passing any more; the connection may have been given up for it. */
  async drained(signal: AbortSignal): Promise<void> {
    if (this.#drained !== undefined) await untilAborted(this.#drained, signal);
  }

  /** Takes what came while nothing was asked, so that no turn takes it for its own; an error there ends the connection. */
  readIdle(): void {
    for (let message = this.connection.poll(); message !== undefined; message = this.connection.poll()) {
      const event = parseEvent(String(message));
      if (event === undefined || !isErrorEvent(event) || this.ownerOf(event, undefined) === "cancel") continue;
      this.#options.logger.debug("an idle connection reported an error; it is replaced", { ...normalizeError(event) });
      this.connection.terminate("it reported an error while idle");
    }
  }

  /**
   * Leaves a response: asks the server to cancel it, and lets the rest pass in the background. When that takes too long
   * the connection is ended: it is never used with a living response on it.
   */
  abandon(abandoned: Abandoned): void {
    if (!this.connection.isOpen) return;
    const draining = this.#drain(abandoned).finally(() => {
      if (this.#drained === draining) this.#drained = undefined;
    });
    this.#drained = draining;
  }

  /** A response has been seen that is over, or of no more interest. */
  sawResponse(responseId: string | undefined): void {
    this.#lastResponseId = responseId ?? this.#lastResponseId;
  }

  /** A later response has come to its end: a server that answers in order has answered every cancel before it. */
  sawEnd(): void {
    this.#cancelled = undefined;
  }

  /** Whether a terminal event ends the response being read, as opposed to an earlier one. */
  endsResponse(event: RawEvent, responseId: string | undefined): boolean {
    const id = isObject(event["response"]) ? event["response"]["id"] : undefined;
    return responseId === undefined ? id === undefined || id !== this.#lastResponseId : id === responseId;
  }

  /**
   * Whose an error event is. The answer to a cancel comes before, among or after the cancelled response's last events:
   * it must never be taken for the next turn's error.
   */
  ownerOf(event: RawEvent, responseId: string | undefined): ErrorOwner {
    if (this.#cancelled === undefined) return "turn";
    const { code, message, param } = normalizeError(event);
    const said = `${message} ${param}`;
    const namesCancel = code?.includes("cancel") || said.includes("response.cancel") || said.includes(this.#cancelled);
    if (namesCancel || param === "type" || param === "response_id") {
      this.#cancelRefused = true;
      this.#cancelled = undefined;
      return "cancel";
    }
    const saysNothing = code === undefined && param === undefined;
    return saysNothing && responseId === undefined ? "unclear" : "turn";
  }

  async #drain(abandoned: Abandoned): Promise<void> {
    const { drainTimeoutMs, clock, logger } = this.#options;
    using limit = new Deadline("drain", drainTimeoutMs, { clock });
    if (abandoned.responseId !== undefined) this.#cancel(abandoned.responseId);
    try {
      while (!this.#passes(abandoned, parseEvent(String(await this.connection.receive(limit.signal)))));
    } catch {
      if (!limit.expired) return;
      logger.debug("an abandoned response took too long to pass; its connection is replaced", { drainTimeoutMs });
      this.connection.terminate("an abandoned response took too long to pass");
    }
  }

  /** Takes note of an event of the abandoned response; true when it was the last. */
  #passes(abandoned: Abandoned, event: RawEvent | undefined): boolean {
    if (event === undefined) return false;
    const response = isObject(event["response"]) ? event["response"] : {};
    if (event.type === "response.created" && typeof response["id"] === "string") {
      abandoned.responseId = response["id"];
      this.#cancel(response["id"]);
    } else if (isErrorEvent(event)) {
      return this.ownerOf(event, abandoned.responseId) === "turn";
    } else if (isTerminalEvent(event)) {
      this.#onPassed(abandoned, event, response);
      return true;
    }
    return false;
  }

  #onPassed(abandoned: Abandoned, event: RawEvent, response: Record<string, unknown>): void {
    if (event.type === "response.cancelled" || response["status"] === "cancelled") this.#cancelled = undefined;
    if (event.type !== "response.completed" || response["status"] === "cancelled") return;
    if (typeof response["id"] === "string" && Array.isArray(response["output"])) {
      // It ran to its end all the same: it is the lane's latest response now, and the one before it is gone.
      this.continuation.commit(response["id"], abandoned.conversation, response["output"]);
      this.sawResponse(response["id"]);
    } else {
      this.continuation.forget("an abandoned response took its place");
    }
  }

  #cancel(responseId: string): void {
    if (this.#cancelRefused || !this.connection.isOpen) return;
    this.#cancelled = responseId;
    this.connection.send(JSON.stringify({ type: "response.cancel", response_id: responseId }));
  }
}
