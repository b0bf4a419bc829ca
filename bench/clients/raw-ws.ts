/**
 * The floor: a loop written with `ws` alone. It does what every client must do: it parses each event, gathers the text, notices
 * the last event, and continues the previous response. It checks nothing and recovers from nothing.
 */
import { once } from "node:events";
import { WebSocket } from "ws";
import type { Response } from "openai/resources/responses/responses";
import { apiKey, type Client, type Conversation, type ConversationOptions, instructions, model } from "./client.ts";
import { History, toolParams } from "./history.ts";

interface Event {
  type: string;
  delta: string;
  response: Pick<Response, "id" | "output">;
}

class RawConversation implements Conversation {
  readonly #options: ConversationOptions;
  readonly #history = new History();
  #socket: WebSocket | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  readonly warmUp = async (): Promise<void> => {
    await this.#connected();
  };

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    await this.#history.turn(text, this.#options.tool, () => this.#ask(onText, signal));
  }

  heard(text: string): void {
    this.#history.cut(text);
    // A connection keeps only its latest response.
    this.#history.forget();
  }

  async close(): Promise<void> {
    this.#socket?.terminate();
  }

  async #ask(onText: (piece: string) => void, signal: AbortSignal): Promise<Event["response"] | undefined> {
    const socket = await this.#connected();
    const { promise, resolve, reject } = Promise.withResolvers<Event["response"] | undefined>();
    let heard = "";
    const onMessage = (data: Buffer): void => {
      const event = JSON.parse(data.toString()) as Event;
      if (event.type === "response.output_text.delta") {
        heard += event.delta;
        onText(event.delta);
      } else if (event.type === "response.completed") resolve(event.response);
      else if (event.type === "error") reject(new Error(data.toString()));
    };
    const onClose = (): void => reject(new Error("the connection closed"));
    // The rest of this answer would be mistaken for the next one, so the connection must go.
    const onAbort = (): void => {
      this.#history.interrupted(heard);
      this.#drop();
      resolve(undefined);
    };
    socket.on("message", onMessage);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort);
    const tools = toolParams(this.#options.tool);
    const request = {
      type: "response.create",
      model,
      instructions,
      store: false,
      ...tools,
      ...this.#history.request(),
    };
    socket.send(JSON.stringify(request));
    try {
      return await promise;
    } finally {
      socket.off("message", onMessage);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #connected(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket;
    this.#drop();
    const url = `${this.#options.baseURL.replace("http", "ws")}/responses`;
    const headers = { authorization: `Bearer ${apiKey}` };
    const socket = new WebSocket(url, { perMessageDeflate: false, headers });
    this.#socket = socket;
    await once(socket, "open");
    socket.on("error", () => undefined);
    return socket;
  }

  #drop(): void {
    this.#socket?.terminate();
    this.#socket = undefined;
    this.#history.forget();
  }
}

export const client: Client = { open: (options) => new RawConversation(options) };
