import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { LLMContext, LLMTextFrame, OpenAIResponsesLLMService } from "turnwire";
import { monotonicMs } from "./time.ts";

const message = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "Over HTTP.", annotations: [] }],
};
const events = [
  { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } },
  { type: "response.output_text.delta", item_id: "msg_1", output_index: 0, content_index: 0, delta: "Over HTTP." },
  { type: "response.completed", response: { id: "resp_1", status: "completed", output: [message] } },
];
const answer = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const refusal = "HTTP/1.1 426 Upgrade Required\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** A server that refuses WebSockets with 426. It measures how long it takes until the same turn comes by HTTP. */
export class RefusingServer implements AsyncDisposable {
  readonly #server = createServer();
  #refusedAt = 0;
  #askedAt = 0;

  static async start(): Promise<RefusingServer> {
    const started = new RefusingServer();
    started.#server.listen(0, "127.0.0.1");
    await once(started.#server, "listening");
    return started;
  }

  private constructor() {
    this.#server.on("upgrade", (_request, socket) => {
      socket.on("error", () => socket.destroy());
      this.#refusedAt = monotonicMs();
      socket.end(refusal);
    });
    this.#server.on("request", (request, response) => {
      this.#askedAt = monotonicMs();
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(answer);
    });
  }

  /** Runs one turn with a service that has not talked to the server before. */
  async refusedToAskedMs(): Promise<number> {
    const baseURL = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
    await using llm = new OpenAIResponsesLLMService({ apiKey: "none", baseURL });
    let text = "";
    for await (const frame of llm.respond(new LLMContext({ messages: [{ role: "user", content: "Hello?" }] }))) {
      if (frame instanceof LLMTextFrame) text += frame.text;
    }
    if (text !== "Over HTTP.") throw new Error(`the turn was answered with "${text}"`);
    return this.#askedAt - this.#refusedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
