import { OpenAIResponsesLLMService } from "turnwire";
import { apiKey, type Client, instructions, model } from "./client.ts";
import { TurnwireConversation } from "./turnwire.ts";

/** As the README shows it. */
export const client: Client = {
  open: ({ baseURL, tool }) => {
    const options = { apiKey, baseURL, model, instructions };
    const llm = new OpenAIResponsesLLMService(options);
    const conversation = new TurnwireConversation(llm, tool);
    return Object.assign(conversation, {
      warmUp: async () => {
        await llm.connect();
        await llm.warmUp(conversation.context);
      },
    });
  },
};
