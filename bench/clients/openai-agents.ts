/**
 * `@openai/agents` with its Responses WebSocket model, as its guide shows: one provider and one runner per session. Each turn
 * continues the previous response by `previousResponseId`.
 */
import {
  Agent,
  type AgentInputItem,
  OpenAIProvider,
  Runner,
  setTracingDisabled,
  tool as toolFor,
} from "@openai/agents";
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

setTracingDisabled(true);

class AgentsConversation implements Conversation {
  readonly #provider: OpenAIProvider;
  readonly #runner: Runner;
  readonly #agent: Agent;
  /** The response that the next turn continues; `#before`: the one before it. */
  #previous: string | undefined;
  #before: string | undefined;
  /** The items that the response to continue does not include. */
  #pending: AgentInputItem[] = [];
  #asked: AgentInputItem[] = [];

  constructor({ baseURL, tool }: ConversationOptions) {
    this.#provider = new OpenAIProvider({ apiKey, baseURL, useResponses: true, useResponsesWebSocket: true });
    this.#runner = new Runner({ modelProvider: this.#provider, tracingDisabled: true });
    const tools = tool === undefined ? [] : [toolOf(tool)];
    this.#agent = new Agent({ name: "Assistant", instructions, model, tools });
  }

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    const input: AgentInputItem[] = [...this.#pending, { role: "user", content: text }];
    let heard = "";
    const result = await this.#runner.run(this.#agent, input, {
      stream: true,
      signal,
      maxTurns: mostSteps,
      ...(this.#previous === undefined ? {} : { previousResponseId: this.#previous }),
    });
    try {
      for await (const event of result) {
        if (event.type !== "raw_model_stream_event" || event.data.type !== "output_text_delta") continue;
        heard += event.data.delta;
        onText(event.data.delta);
        if (signal.aborted) break;
      }
      // After an interruption the run first closes its connection, and the next turn need not wait for that.
      if (!signal.aborted) await result.completed;
      else result.completed.catch(() => undefined);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) {
      this.#pending = [...input, said(heard)];
      return;
    }
    this.#before = this.#previous;
    this.#previous = result.lastResponseId;
    this.#asked = input;
    this.#pending = [];
  }

  heard(text: string): void {
    this.#previous = this.#before;
    this.#pending = [...this.#asked, said(text)];
  }

  async close(): Promise<void> {
    await this.#provider.close();
  }
}

function said(text: string): AgentInputItem {
  return { role: "assistant", status: "completed", content: [{ type: "output_text", text }] };
}

function toolOf({ name, description, parameter, execute }: ClientTool): ReturnType<typeof toolFor> {
  return toolFor({
    name,
    description,
    parameters: z.object({ [parameter]: z.string() }),
    execute: (args) => execute((args as Record<string, string>)[parameter]!),
  });
}

export const client: Client = { open: (options) => new AgentsConversation(options) };
