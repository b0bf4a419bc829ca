/** `ResponsesWS` of the `openai` package, a typed socket. The caller chains the responses and does everything else. */
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { Response, ResponsesServerEvent } from "openai/resources/responses/responses";
import { apiKey, type Client, type Conversation, type ConversationOptions, instructions, model } from "./client.ts";
import { History, toolParams } from "./history.ts";

class ResponsesWSConversation implements Conversation {
  readonly #options: ConversationOptions;
  readonly #openai: OpenAI;
  readonly #history = new History();
  #socket: ResponsesWS | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#openai = new OpenAI({ apiKey, baseURL: options.baseURL });
  }

  readonly warmUp = async (): Promise<void> => {
    const { socket } = this.#connected();
    await new Promise((resolve) => socket.on("open", () => resolve(undefined)));
  };

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    await this.#history.turn(text, this.#options.tool, () => this.#ask(onText, signal));
  }

  heard(text: string): void {
    this.#history.cut(text);
    this.#history.forget();
  }

  async close(): Promise<void> {
    this.#drop();
  }

  async #ask(onText: (piece: string) => void, signal: AbortSignal): Promise<Response | undefined> {
    const socket = this.#connected();
    const { promise, resolve, reject } = Promise.withResolvers<Response | undefined>();
    let heard = "";
    const onEvent = (event: ResponsesServerEvent): void => {
      if (event.type === "response.output_text.delta") {
        heard += event.delta;
        onText(event.delta);
      } else if (event.type === "response.completed") resolve(event.response);
    };
    const onClose = (): void => {
      this.#drop();
      reject(new Error("the connection closed"));
    };
    const onAbort = (): void => {
      this.#history.interrupted(heard);
      this.#drop();
      resolve(undefined);
    };
    socket.on("event", onEvent);
    socket.on("error", reject);
    socket.on("close", onClose);
    signal.addEventListener("abort", onAbort);
    const tools = toolParams(this.#options.tool);
    socket.send({ type: "response.create", model, instructions, store: false, ...tools, ...this.#history.request() });
    try {
      return await promise;
    } finally {
      socket.off("event", onEvent);
      socket.off("error", reject);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #connected(): ResponsesWS {
    if (this.#socket !== undefined) return this.#socket;
    const socket = new ResponsesWS(this.#openai);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (this.#socket === socket) this.#drop();
    });
    return (this.#socket = socket);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#history.forget();
    socket?.close();
  }
}

export const client: Client = { open: (options) => new ResponsesWSConversation(options) };
