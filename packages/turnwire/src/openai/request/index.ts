export { toInputContent } from "./content.ts";
export { type ContinuableResponse, plan, type Plan, type ResponseHolder, type ResponsePart } from "./continuation.ts";
export { Conversation } from "./conversation.ts";
export { createMessage, requestDetails, type Sending } from "./create-message.ts";
export { keyOf } from "./items.ts";
export { isKnownNotToReason } from "./models.ts";
export { requestFields, type RequestFields, type ResponseFormat } from "./request-fields.ts";
export { ContextAdapter, providerName } from "./messages-to-items.ts";
export { resumedMessages } from "./resume.ts";
