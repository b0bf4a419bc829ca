import OpenAI, { APIUserAbortError } from "openai";
import type { Response } from "openai/resources/responses/responses";
import { apiKey, type Client, type Conversation, type ConversationOptions, instructions, model } from "./client.ts";
import { History, toolParams } from "./history.ts";

class HttpConversation implements Conversation {
  readonly #options: ConversationOptions;
  readonly #stored: boolean;
  readonly #openai: OpenAI;
  readonly #history = new History();

  constructor(options: ConversationOptions, stored: boolean) {
    this.#options = options;
    this.#stored = stored;
    this.#openai = new OpenAI({ apiKey, baseURL: options.baseURL });
  }

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    await this.#history.turn(text, this.#options.tool, () => this.#ask(onText, signal));
  }

  heard(text: string): void {
    this.#history.cut(text);
  }

  async close(): Promise<void> {}

  async #ask(onText: (piece: string) => void, signal: AbortSignal): Promise<Response | undefined> {
    const tools = toolParams(this.#options.tool);
    const conversation = this.#stored ? this.#history.request() : { input: [...this.#history.items] };
    let heard = "";
    let response: Response | undefined;
    try {
      const stream = await this.#openai.responses.create(
        { model, instructions, store: this.#stored, stream: true, ...tools, ...conversation },
        { signal },
      );
      for await (const event of stream) {
        if (event.type === "response.output_text.delta") {
          heard += event.delta;
          onText(event.delta);
        } else if (event.type === "response.completed") response = event.response;
      }
    } catch (error) {
      if (!(error instanceof APIUserAbortError)) throw error;
    }
    if (signal.aborted) {
      this.#history.interrupted(heard);
      return undefined;
    }
    if (response === undefined) throw new Error("the stream ended without a completed response");
    return response;
  }
}

export function client({ stored }: { stored: boolean }): Client {
  return { open: (options) => new HttpConversation(options, stored) };
}
