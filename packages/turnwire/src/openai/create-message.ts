import type { LLMContext } from "../context/index.ts";
import { RequestTooLargeError } from "../errors.ts";
import { limits } from "../protocol/index.ts";
import type { RequestDetails } from "../llm/index.ts";
import type { Plan } from "./continuation.ts";
import type { Conversation } from "./conversation.ts";
import type { ResponsesCore } from "./core.ts";
import type { Lane } from "./connection/exchange.ts";

/** Servers close a connection at 16 MiB. */
const largestRequest = 15 * 1024 * 1024;

/** What a request is made of: the conversation, how much of it is sent, and the lane it goes over. */
export interface Sending {
  conversation: Conversation;
  plan: Plan<Lane>;
  lane: Lane;
}

/**
 * The `response.create` message.
 * @throws RequestTooLargeError
 */
export function createMessage(
  core: ResponsesCore,
  context: LLMContext,
  { conversation, plan, lane }: Sending,
  extra: { generate?: false } = {},
): string {
  const message = JSON.stringify({
    type: "response.create",
    ...core.requestFields(context),
    ...(lane.name === undefined ? {} : { stream_id: lane.name }),
    ...(plan.parent === undefined ? {} : { previous_response_id: plan.parent.responseId }),
    ...extra,
    input: conversation.wireFrom(plan.from),
  });
  const bytes = message.length > largestRequest / 4 ? Buffer.byteLength(message) : 0;
  if (bytes > largestRequest) throw new RequestTooLargeError(bytes, limits.maxMessageBytes);
  return message;
}

/** What a turn's record says of the message. */
export function requestDetails(message: string, { conversation, plan, lane }: Sending): RequestDetails {
  const { parent, mode, reason } = plan;
  const bytesSent = Buffer.byteLength(message);
  const idBytes = parent === undefined ? 0 : `"previous_response_id":"${parent.responseId}",`.length;
  return {
    transport: "websocket",
    mode,
    reason,
    itemsSent: conversation.length - plan.from,
    itemsTotal: conversation.length,
    bytesSent,
    bytesFull: bytesSent - idBytes + conversation.bytesUpTo(plan.from),
    ...(parent === undefined ? {} : { previousResponseId: parent.responseId }),
    ...(lane.name === undefined ? {} : { lane: lane.name }),
  };
}
