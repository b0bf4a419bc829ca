/** The same, but the provider keeps the conversation: `store: true` and `previous_response_id`. */
import { client as clientOf } from "./openai-sse.ts";

export const client = clientOf({ stored: true });
