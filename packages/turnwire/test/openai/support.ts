import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type Frame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  type LLMContextOptions,
  type LLMService,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  type InferenceRecord,
} from "turnwire";
import { type Brain, ResponsesServer, type ResponsesServerOptions } from "@turnwire/server";
import { type WebSocket, WebSocketServer } from "ws";

/** A warning in a test is a failure unless the test asks for it. */
export class RecordingLogger {
  readonly warnings: string[] = [];
  debug(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
}

export interface Setup<S extends LLMService = LLMService> extends AsyncDisposable {
  server: ResponsesServer;
  llm: S;
  logger: RecordingLogger;
  records: InferenceRecord[];
}

type Make<S> = (options: OpenAIResponsesLLMServiceOptions) => S;

async function setup<S extends LLMService>(
  make: Make<S>,
  server: ResponsesServerOptions,
  options: OpenAIResponsesLLMServiceOptions,
): Promise<Setup<S>> {
  const started = await ResponsesServer.start(server);
  const logger = new RecordingLogger();
  const llm = make({ apiKey: "test-key", baseURL: started.url, logger, ...options });
  const records: InferenceRecord[] = [];
  llm.on("inference", (record) => void records.push(record));
  return {
    server: started,
    llm,
    logger,
    records,
    async [Symbol.asyncDispose]() {
      await llm.stop();
      await started.close();
    },
  };
}

export function overWebsocket(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup<OpenAIResponsesLLMService>> {
  return setup((all) => new OpenAIResponsesLLMService(all), server, options);
}

export function overHttp(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup> {
  return setup((all) => new OpenAIResponsesHttpLLMService(all), server, options);
}

export function user(content: string): { role: "user"; content: string } {
  return { role: "user", content };
}

export function contextOf(text: string, options: LLMContextOptions = {}): LLMContext {
  return new LLMContext({ ...options, messages: [...(options.messages ?? []), user(text)] });
}

export async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

export function textOf(frames: readonly Frame[]): string {
  return frames.map((frame) => (frame instanceof LLMTextFrame ? frame.text : "")).join("");
}

export function endOf(frames: readonly Frame[]): LLMFullResponseEndFrame {
  const ends = frames.filter((frame) => frame instanceof LLMFullResponseEndFrame);
  if (ends.length !== 1) throw new Error(`expected one end frame, got ${ends.length}`);
  return ends[0]!;
}

/** One whole turn: the user says something, the model answers. */
export async function say(llm: LLMService, context: LLMContext, text: string): Promise<string> {
  context.addMessage(user(text));
  return textOf(await collect(llm.respond(context)));
}

/** A brain that says its lines in order, one per request. */
export function lines(...said: string[]): Brain {
  let next = 0;
  return function* () {
    yield { type: "text", delta: said[next++ % said.length]! };
  };
}

/** A server whose every word is written in the test. */
export class ScriptedServer implements AsyncDisposable {
  readonly url: string;
  readonly received: Array<Record<string, unknown>> = [];
  readonly #server: WebSocketServer;
  readonly #waiters: Array<() => void> = [];
  /** On which connection each client event came, counted from 1. */
  readonly origins: number[] = [];
  connections = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  /** @param onMessage Called with each client event and how many there were on all connections, itself included. */
  static async start(
    onMessage: (message: Record<string, unknown>, socket: Peer, count: number, connection: number) => void,
    onConnection: (headers: Record<string, unknown>, peer: Peer) => void = () => undefined,
  ): Promise<ScriptedServer> {
    let asked = 0;
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      // Further connections take their time, so that a first one that is freed meanwhile is the first to be ready.
      verifyClient: (_info, accept: (accepted: boolean) => void) => {
        if (++asked === 1) accept(true);
        else setTimeout(() => accept(true), 40);
      },
    });
    await once(server, "listening");
    const scripted = new ScriptedServer(server);
    server.on("connection", (socket, request) => {
      const connection = ++scripted.connections;
      const peer = new Peer(socket);
      socket.on("error", () => undefined);
      onConnection(request.headers, peer);
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Record<string, unknown>;
        scripted.received.push(message);
        scripted.origins.push(connection);
        onMessage(message, peer, scripted.received.length, connection);
        for (const wake of scripted.#waiters.splice(0)) wake();
      });
    });
    return scripted;
  }

  /** Resolves once so many client events have come. */
  async until(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>((resolve) => void this.#waiters.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The server's end of a connection. */
export class Peer {
  readonly socket: WebSocket;
  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(...events: unknown[]): void {
    for (const event of events) this.socket.send(typeof event === "string" ? event : JSON.stringify(event));
  }

  /** A whole text response. */
  respond(id: string, text: string): void {
    this.send(created(id), ...textEvents(id, text), completed(id, text));
  }
}

export function created(id: string): unknown {
  return { type: "response.created", response: { id, status: "in_progress", output: [] } };
}

export function textEvents(id: string, ...deltas: string[]): unknown[] {
  return deltas.map((delta) => ({
    type: "response.output_text.delta",
    item_id: `msg_${id}`,
    output_index: 0,
    content_index: 0,
    delta,
  }));
}

export function message(id: string, text: string): unknown {
  return {
    type: "message",
    id: `msg_${id}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  };
}

export function completed(id: string, text: string): unknown {
  return { type: "response.completed", response: { id, status: "completed", output: [message(id, text)] } };
}
