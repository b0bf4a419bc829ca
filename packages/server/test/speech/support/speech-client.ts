import { once } from "node:events";
import { WebSocket } from "ws";

/** A message as it came over the wire. Each type has only some of the fields. */
export interface WireMessage {
  type: string;
  sequence_id: number;
  request_id: string;
  start: number;
  duration: number;
  is_final: boolean;
  speech_final: boolean;
  from_finalize: boolean;
  last_word_end: number;
  channel: { alternatives: Array<{ transcript: string; confidence: number; words: Array<{ word: string }> }> };
}

export interface Refusal {
  status: number | undefined;
  headers: NodeJS.Dict<string | string[]>;
  body: Record<string, string>;
}

/** A client on plain `ws`, which records what it receives and returns it one by one. */
export class SpeechClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  requestId: string | undefined;
  #received: Array<WireMessage | Buffer> = [];
  #arrived = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("upgrade", ({ headers }) => (this.requestId = headers["dg-request-id"] as string));
    socket.on("message", (data: Buffer, isBinary) => {
      this.#received.push(isBinary ? data : (JSON.parse(data.toString()) as WireMessage));
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    });
    socket.on("error", () => undefined);
  }

  static async connect(
    url: string,
    headers: Record<string, string> = token,
    protocols: string[] = [],
  ): Promise<SpeechClient> {
    const client = new SpeechClient(new WebSocket(url, protocols, { headers }));
    await once(client.socket, "open");
    return client;
  }

  /** Expects the upgrade to be refused. */
  static refused(url: string, headers: Record<string, string> = token): Promise<Refusal> {
    const socket = new WebSocket(url, { headers });
    socket.on("error", () => undefined);
    return new Promise((resolve, reject) => {
      socket.once("open", () => reject(new Error("the upgrade was not refused")));
      socket.once("unexpected-response", (_request, response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => {
          const { statusCode: status, headers } = response;
          resolve({ status, headers, body: JSON.parse(text) as Record<string, string> });
        });
      });
    });
  }

  /** Sends an object as JSON, a string or bytes as they are. */
  send(message: object | string | Uint8Array): void {
    const asIs = typeof message === "string" || message instanceof Uint8Array;
    this.socket.send(asIs ? message : JSON.stringify(message));
  }

  async next(): Promise<WireMessage | Buffer> {
    while (this.#received.length === 0) await this.#arrived.promise;
    return this.#received.shift()!;
  }

  /** The next message; fails on audio. */
  async message(): Promise<WireMessage> {
    const next = await this.next();
    if (Buffer.isBuffer(next)) throw new Error("it is audio");
    return next;
  }

  /** All up to and including the first message of a type. */
  async until(type: string): Promise<Array<WireMessage | Buffer>> {
    const all: Array<WireMessage | Buffer> = [];
    for (;;) {
      const next = await this.next();
      all.push(next);
      if (!Buffer.isBuffer(next) && next.type === type) return all;
    }
  }

  /** The messages up to and including the first of a type; audio is left out. */
  async messagesUntil(type: string): Promise<WireMessage[]> {
    return (await this.until(type)).filter((next): next is WireMessage => !Buffer.isBuffer(next));
  }

  /** What has arrived and has not been read yet. */
  get unread(): ReadonlyArray<WireMessage | Buffer> {
    return this.#received;
  }

  /** Resolves when the server has read everything: its pong comes after that. */
  async settled(): Promise<void> {
    this.socket.ping();
    await once(this.socket, "pong");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}

export const token = { authorization: "Token any" };

/** Silence of this length, 16-bit mono. */
export function quiet(ms: number, sampleRate = 16_000): Uint8Array {
  return new Uint8Array(Math.round((ms * sampleRate) / 1000) * 2);
}

export function transcriptOf(message: WireMessage): string {
  return message.channel.alternatives[0]!.transcript;
}
