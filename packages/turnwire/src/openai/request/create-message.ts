import type { RequestDetails } from "../../llm/index.ts";
import { checkRequestSize } from "../../protocol/index.ts";
import type { Plan } from "./continuation.ts";
import type { Conversation } from "./conversation.ts";
import type { RequestFields } from "./request-fields.ts";

/** The parts of a message beside the fields of every request. */
export interface Sending {
  conversation: Conversation;
  /** How much of the conversation to send. */
  plan: Plan<unknown>;
  /** The name of the lane; undefined for the default lane. */
  lane: string | undefined;
}

/**
 * The `response.create` message as JSON.
 * @param extra Further fields: `generate: false` has the server take the conversation and generate nothing.
 * @throws RequestTooLargeError
 */
export function createMessage(
  fields: RequestFields,
  { conversation, plan, lane }: Sending,
  extra: { generate?: false } = {},
): string {
  const message = JSON.stringify({
    type: "response.create",
    ...fields,
    ...(lane === undefined ? {} : { stream_id: lane }),
    ...(plan.parent === undefined ? {} : { previous_response_id: plan.parent.responseId }),
    ...extra,
    input: conversation.wireFrom(plan.from),
  });
  checkRequestSize(message);
  return message;
}

/** The fields of an inference's record that describe the message. */
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
    ...(lane === undefined ? {} : { lane }),
  };
}
