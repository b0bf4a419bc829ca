import { OpenAIResponsesLLMService } from "turnwire";
import { apiKey, type Client, instructions, model } from "./client.ts";
import { TurnwireConversation } from "./turnwire.ts";

/** As the README shows it, with a second connection kept open. */
export const client: Client = {
  open: ({ baseURL, tool }) => {
    const options = { apiKey, baseURL, model, instructions };
    return new TurnwireConversation(new OpenAIResponsesLLMService({ ...options, standby: true }), tool);
  },
};
