import { OpenAIResponsesLLMService } from "turnwire";
import { apiKey, type Client, instructions, model } from "./client.ts";
import { TurnwireConversation } from "./turnwire.ts";

/** As the README shows it, with a second connection kept open. */
export const client: Client = {
  open: ({ baseURL, tool }) => {
    const settings = { model, systemInstruction: instructions };
    return new TurnwireConversation(new OpenAIResponsesLLMService({ apiKey, baseURL, settings, standby: true }), tool);
  },
};
