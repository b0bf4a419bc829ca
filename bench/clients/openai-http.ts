/** The `openai` package as its README shows it: a stream per request, the conversation kept by the caller. */
import { client as clientOf } from "./openai-sse.ts";

export const client = clientOf({ stored: false });
