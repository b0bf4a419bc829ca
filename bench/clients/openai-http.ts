/** The `openai` package as its README shows it: one stream per request, and the caller keeps the conversation. */
import { client as clientOf } from "./openai-sse.ts";

export const client = clientOf({ stored: false });
