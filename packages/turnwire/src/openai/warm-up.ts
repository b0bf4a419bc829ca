import type { LLMContext } from "../context/index.ts";
import { ProviderError } from "../errors.ts";
import type { ResponsesClient } from "./responses-client.ts";
import { createMessage } from "./request/create-message.ts";
import type { Line, Seat } from "./connection/connection-manager.ts";
import { type ReadResponse, ResponseReader } from "./response/response-reader.ts";
import type { ResponsesConnection } from "./connection/responses-connection.ts";

/** Gives a server a conversation before it is asked anything, so that the next turn sends only what is new. */
export class WarmUp {
  /** The conversation to give. */
  context: LLMContext;
  readonly #client: ResponsesClient;
  readonly #owner: object;

  constructor(client: ResponsesClient, owner: object, context: LLMContext) {
    this.#client = client;
    this.#owner = owner;
    this.context = context;
  }

  /**
   * Warms a connection up, and answers whether it did. Never throws: a server that does not know how to be warmed up, or a
   * connection that is lost, is found out by a turn.
   */
  async on(line: Line, connection: ResponsesConnection): Promise<boolean> {
    if (line.traits.warmUp === "no") return false;
    const { context } = this;
    const conversation = this.#client.toConversation(context);
    const seat = line.trySeat(connection, this.#owner, conversation, { reason: undefined, inBackground: true });
    if (seat === undefined) return false;
    const { exchange, plan } = seat;
    const reader = new ResponseReader();
    try {
      const sending = { conversation, plan, lane: exchange.lane.name };
      exchange.send(createMessage(this.#client.requestFields(context), sending, { generate: false }));
      const { responseId } = await unanswered(seat, reader);
      exchange.end(responseId === undefined ? undefined : { responseId, conversation, parts: [] });
      line.traits.warmUp = "yes";
      return true;
    } catch (error) {
      if (error instanceof ProviderError && !error.retryable) line.traits.warmUp = "no";
      if (reader.ended) exchange.end();
      else connection.abandon(exchange);
      return false;
    }
  }
}

/** @throws ProviderError when the server, not knowing the field, answers for nobody to hear. */
async function unanswered({ exchange }: Seat, reader: ResponseReader): Promise<ReadResponse> {
  for (;;) {
    const event = await exchange.receive();
    const answers = reader.read(event).length > 0 || event.type === "response.output_item.added";
    const { result } = reader;
    if (answers || (result !== undefined && result.output.length > 0)) {
      throw new ProviderError("warm_up_not_supported", "the warm-up was answered");
    }
    if (result !== undefined) return result;
  }
}
