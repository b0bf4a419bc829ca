import { once } from "node:events";
import type { ResponseUsage } from "openai/resources/responses/responses";
import { type ClientOptions, WebSocket } from "ws";

/** An output item as it came. Each kind has only some of the fields. */
export interface WireItem {
  id: string;
  type: string;
  status: string;
  call_id: string;
  name: string;
  arguments: string;
  content: Array<{ type: string; text: string; refusal: string }>;
  encrypted_content: string;
}

export interface WireResponse {
  id: string;
  status: string;
  error: { code: string; message: string } | null;
  incomplete_details: { reason: string } | null;
  instructions: string | null;
  previous_response_id: string | null;
  output: WireItem[];
  usage: ResponseUsage;
}

/** An event as it came over the wire. Each type has only some of the fields. */
export interface WireEvent {
  type: string;
  sequence_number: number;
  stream_id: string;
  status: number;
  error: { code: string | null; message: string; param: string | null; type: string };
  output_index: number;
  delta: string;
  item: WireItem;
  response: WireResponse;
}

/** A WebSocket client that records what it receives and returns it one by one. */
export class RawClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #received: WireEvent[] = [];
  #arrived = Promise.withResolvers<void>();
  #read = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("message", (data: Buffer) => {
      this.#received.push(JSON.parse(data.toString()) as WireEvent);
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    });
    socket.on("error", () => undefined);
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, options));
    await once(client.socket, "open");
    return client;
  }

  /** Sends an object as JSON, a string or bytes as they are. */
  send(message: object | string | Buffer): void {
    const asIs = typeof message === "string" || Buffer.isBuffer(message);
    this.socket.send(asIs ? message : JSON.stringify(message));
  }

  /** `response.create` with the given fields. */
  create(fields: object): void {
    this.send({ type: "response.create", model: "gpt-4.1", store: false, ...fields });
  }

  async next(): Promise<WireEvent> {
    while (this.#read >= this.#received.length) await this.#arrived.promise;
    return this.#received[this.#read++] as WireEvent;
  }

  /** All events up to and including the first that fits. */
  async until(fits: string | ((event: WireEvent) => boolean)): Promise<WireEvent[]> {
    const events: WireEvent[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (typeof fits === "string" ? event.type === fits : fits(event)) return events;
    }
  }

  /** The events of a whole answer: up to the terminal event or the error. */
  async answer(): Promise<WireEvent[]> {
    return await this.until((event) => isTerminal(event));
  }

  /** Requests a response and returns its terminal event. */
  async respond(fields: object): Promise<WireEvent> {
    this.create(fields);
    return last(await this.answer());
  }

  /** What has arrived and has not been read yet. */
  get unread(): readonly WireEvent[] {
    return this.#received.slice(this.#read);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

export function isTerminal(event: WireEvent): boolean {
  // The errors of one dialect have no type.
  const untyped = (event.type as string | undefined) === undefined && "error" in event;
  return untyped || event.type === "error" || /^response\.(?:completed|failed|incomplete)$/.test(event.type);
}

/** The last of the events. */
export function last(events: readonly WireEvent[]): WireEvent {
  return events.at(-1) as WireEvent;
}

export function types(events: readonly WireEvent[]): string[] {
  return events.map((event) => event.type);
}
