import { OpenAIResponsesHttpLLMService } from "turnwire";
import { apiKey, type Client, instructions, model } from "./client.ts";
import { TurnwireConversation } from "./turnwire.ts";

/** As the guide shows it. */
export const client: Client = {
  open: ({ baseURL, tool }) => {
    const options = { apiKey, baseURL, model, instructions };
    return new TurnwireConversation(new OpenAIResponsesHttpLLMService(options), tool);
  },
};
