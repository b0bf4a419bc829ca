import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer, byte for byte. With `cut` the connection breaks after the last chunk. */
export interface CannedAnswer {
  status?: number;
  headers?: Record<string, string>;
  chunks: readonly string[];
  cut?: boolean;
}

/** A server that answers with what it is given, for answers that well-behaved servers do not give. */
export class CannedUpstream implements AsyncDisposable {
  answer: CannedAnswer = { chunks: [] };
  /** The bodies that were received. */
  readonly bodies: Array<Record<string, unknown>> = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  static async start(): Promise<CannedUpstream> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const upstream = new CannedUpstream(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void upstream.#say(request, response));
    return upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #say(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    this.bodies.push(JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>);
    const { status = 200, headers = {}, chunks, cut = false } = this.answer;
    const contentType = status === 200 ? "text/event-stream" : "application/json";
    response.writeHead(status, { "content-type": contentType, ...headers });
    for (const chunk of chunks) await new Promise((resolve) => response.write(chunk, resolve));
    if (cut) response.destroy();
    else response.end();
  }
}

/** Chunks of a Chat Completions stream: a choice's fields each, or a whole chunk when `choices` is among them. */
export function chatChunks(...parts: object[]): string[] {
  const chunks = parts.map((part) =>
    "choices" in part || "error" in part ? part : { choices: [{ index: 0, ...part }] },
  );
  return [...chunks.map(sse), "data: [DONE]\n\n"];
}

export function sse(event: object): string {
  const name = "type" in event ? `event: ${String(event.type)}\n` : "";
  return `${name}data: ${JSON.stringify(event)}\n\n`;
}
