/** The same with the conversation kept by the provider: `store: true` and `previous_response_id`. */
import { client as clientOf } from "./openai-sse.ts";

export const client = clientOf({ stored: true });
