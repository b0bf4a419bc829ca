import type { LLMContext } from "../../context/index.ts";
import { ProviderError } from "../../errors.ts";
import type { ConnectionManager, Exchange, ResponsesConnection, Tenant } from "../connection/index.ts";
import { createMessage } from "../request/index.ts";
import { type ReadResponse, ResponseReader } from "../response/index.ts";
import type { ResponsesClient } from "../http/index.ts";

/** Sends a server the conversation before a turn, so that the turn sends only what is new. */
export class WarmUp {
  /** The conversation to give. */
  context: LLMContext;
  readonly #client: ResponsesClient;
  readonly #tenant: Tenant;

  constructor(client: ResponsesClient, tenant: Tenant, context: LLMContext) {
    this.#client = client;
    this.#tenant = tenant;
    this.context = context;
  }

  /**
   * Warms a connection up, and returns whether it did. Never throws: if the server cannot be warmed up or the connection
   * is lost, the next turn finds out.
   */
  async on(manager: ConnectionManager, connection: ResponsesConnection): Promise<boolean> {
    const { capabilities } = manager;
    if (capabilities.warmUp === false) return false;
    const { context } = this;
    const conversation = this.#client.toConversation(context);
    const lease = manager.tryAcquire(connection, this.#tenant, conversation);
    if (lease === undefined) return false;
    const { exchange, plan } = lease;
    try {
      const sending = { conversation, plan, lane: exchange.lane.name };
      exchange.send(createMessage(this.#client.requestFields(context), sending, { generate: false }));
      const { responseId } = await unanswered(exchange);
      exchange.end(responseId === undefined ? undefined : { responseId, conversation, parts: [] });
      capabilities.learnWarmUp(true);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && !error.retryable) capabilities.learnWarmUp(false);
      exchange.fail();
      return false;
    }
  }
}

/** @throws ProviderError if the server ignores `generate: false` and generates a reply. */
async function unanswered(exchange: Exchange): Promise<ReadResponse> {
  const reader = new ResponseReader();
  for (;;) {
    const event = await exchange.receive();
    const answers = reader.read(event).length > 0 || event.type === "response.output_item.added";
    const { result } = reader;
    if (answers || (result !== undefined && result.output.length > 0)) {
      throw new ProviderError("warm_up_not_supported", "the server answered a warm-up with a reply");
    }
    if (result !== undefined) return result;
  }
}
