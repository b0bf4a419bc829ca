/** The AI SDK with its OpenAI provider: `streamText` over HTTP. The caller keeps the messages; the SDK runs tools in steps. */
import { createOpenAI } from "@ai-sdk/openai";
import { isStepCount, type ModelMessage, streamText, tool as toolFor, type ToolSet } from "ai";
import { z } from "zod";
import {
  apiKey,
  type Client,
  type ClientTool,
  type Conversation,
  type ConversationOptions,
  instructions,
  model,
  mostSteps,
} from "./client.ts";

class AiSdkConversation implements Conversation {
  readonly #model: ReturnType<ReturnType<typeof createOpenAI>>;
  readonly #tools: { tools?: ToolSet };
  #messages: ModelMessage[] = [];

  constructor({ baseURL, tool }: ConversationOptions) {
    this.#model = createOpenAI({ apiKey, baseURL })(model);
    this.#tools = tool === undefined ? {} : { tools: { [tool.name]: toolOf(tool) } };
  }

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    this.#messages.push({ role: "user", content: text });
    let heard = "";
    let failure: Error | undefined;
    const result = streamText({
      model: this.#model,
      instructions,
      messages: this.#messages,
      abortSignal: signal,
      stopWhen: isStepCount(mostSteps),
      providerOptions: { openai: { store: false } },
      onError: ({ error }) => void (failure = error instanceof Error ? error : new Error(String(error))),
      ...this.#tools,
    });
    for await (const piece of result.textStream) {
      if (signal.aborted) break;
      heard += piece;
      onText(piece);
    }
    if (signal.aborted) {
      this.#messages.push({ role: "assistant", content: heard });
      return;
    }
    if (failure !== undefined) throw failure;
    this.#messages.push(...(await result.response).messages);
  }

  heard(text: string): void {
    this.#messages = [...this.#messages.slice(0, -1), { role: "assistant", content: text }];
  }

  async close(): Promise<void> {}
}

function toolOf({ description, parameter, execute }: ClientTool): ToolSet[string] {
  return toolFor({
    description,
    inputSchema: z.object({ [parameter]: z.string() }),
    execute: (args) => execute((args as Record<string, string>)[parameter]!),
  });
}

export const client: Client = { open: (options) => new AiSdkConversation(options) };
