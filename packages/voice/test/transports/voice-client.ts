import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";

/** A received message: JSON, or the bytes of audio. */
export type Received = Record<string, unknown> | Buffer;

/** A client that says literally what the test tells it to, and records what it receives. */
export class VoiceClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly received: Received[] = [];
  #arrived = Promise.withResolvers<void>();
  #read = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    socket.on("message", (data: Buffer, isBinary) => {
      this.received.push(isBinary ? data : (JSON.parse(data.toString()) as Record<string, unknown>));
      this.#wake();
    });
    socket.on("error", () => undefined);
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<VoiceClient> {
    const client = new VoiceClient(new WebSocket(url, options));
    await once(client.socket, "open");
    return client;
  }

  /** Connects and says hello; the answer to it has been read. */
  static async greet(url: string, hello: object = {}, options: ClientOptions = {}): Promise<VoiceClient> {
    const client = await VoiceClient.connect(url, options);
    client.send(JSON.stringify({ type: "hello", version: 1, ...hello }));
    await client.next();
    return client;
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message);
  }

  /** The next that has not been read. */
  async next(): Promise<Received> {
    while (this.#read >= this.received.length) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("the connection is closed");
      await this.#arrived.promise;
    }
    return this.received[this.#read++] as Received;
  }

  /** Reads on to the next message of a type. */
  async until(type: string): Promise<Record<string, unknown>> {
    for (;;) {
      const received = await this.next();
      if (!Buffer.isBuffer(received) && received["type"] === type) return received;
    }
  }

  /** How many bytes of audio have come. */
  get audioBytes(): number {
    return this.received.reduce((sum, each) => sum + (Buffer.isBuffer(each) ? each.length : 0), 0);
  }

  /** The messages that have come. */
  get messages(): Array<Record<string, unknown>> {
    return this.received.filter((each): each is Record<string, unknown> => !Buffer.isBuffer(each));
  }

  /** Everything the server has sent by now has come. */
  async caughtUp(): Promise<void> {
    const pong = once(this.socket, "pong");
    this.socket.ping();
    await pong;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

/** The outcome of a connection that is refused. */
export async function refusal(url: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(url, options);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}
