import { WebSocket } from "ws";
import { Samples } from "./samples.ts";

/** The measurements of all clients together. */
export class Measurements {
  readonly firstEvent: Samples;
  readonly wholeTurn: Samples;
  /** How late this process sent its requests, which is not the server's fault. */
  readonly lateness: Samples;
  events = 0;
  turns = 0;
  /** How many turns could not begin in time because the previous one was not over. */
  overdue = 0;
  readonly errors: string[] = [];

  constructor(expected: number) {
    this.firstEvent = new Samples(expected);
    this.wholeTurn = new Samples(expected);
    this.lateness = new Samples(expected);
  }

  /** Forgets the times measured so far, but not the errors. */
  forgetTimes(): void {
    this.firstEvent.clear();
    this.wholeTurn.clear();
    this.lateness.clear();
  }
}

interface Completed {
  response: { id: string; output: Array<{ content?: Array<{ text?: string }> }> };
}

/** A client with one conversation over one socket. It runs a turn at a fixed interval, however long the server takes. */
export class LoadClient {
  readonly #socket: WebSocket;
  readonly #number: number;
  readonly #all: Measurements;
  #previous: string | undefined;
  #turn = 0;
  #sentAt = 0;
  #open = false;
  #wanted = false;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: () => void = () => undefined;

  private constructor(number: number, socket: WebSocket, all: Measurements) {
    this.#number = number;
    this.#socket = socket;
    this.#all = all;
    socket.on("message", (data: Buffer) => this.#receive(data));
    socket.on("error", (error) => this.#fail(`socket: ${error.message}`));
    socket.on("close", (code) => {
      if (!this.#leaving) this.#fail(`closed with ${code}`);
    });
  }

  static connect(number: number, url: string, all: Measurements): Promise<LoadClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const client = new LoadClient(number, socket, all);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.once("error", reject);
    });
  }

  /** Begins a turn at `startMs` and then every `everyMs` until `endMs`. Resolves after the last one. */
  async converse(startMs: number, everyMs: number, endMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const tick = (at: number): void => {
      this.#begin(at);
      if (at + everyMs < endMs) this.#timer = setTimeout(() => tick(at + everyMs), at + everyMs - performance.now());
      else this.#idle = resolve;
    };
    this.#timer = setTimeout(() => tick(startMs), startMs - performance.now());
    await promise;
  }

  close(): void {
    this.#leaving = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #begin(at: number): void {
    if (this.#open) {
      this.#all.overdue += 1;
      this.#wanted = true;
      return;
    }
    this.#all.lateness.add(performance.now() - at);
    this.#send();
  }

  #send(): void {
    this.#turn += 1;
    this.#open = true;
    const message = {
      type: "response.create",
      model: "load",
      store: false,
      input: [{ type: "message", role: "user", content: this.#said }],
      ...(this.#previous === undefined ? {} : { previous_response_id: this.#previous }),
    };
    const text = JSON.stringify(message);
    this.#sentAt = performance.now();
    this.#socket.send(text);
  }

  get #said(): string {
    return `turn ${this.#turn} of ${this.#number}`;
  }

  #receive(data: Buffer): void {
    this.#all.events += 1;
    const head = data.toString("latin1", 0, 32);
    if (head.startsWith('{"type":"response.created"')) {
      this.#all.firstEvent.add(performance.now() - this.#sentAt);
    } else if (head.startsWith('{"type":"response.completed"')) {
      this.#all.wholeTurn.add(performance.now() - this.#sentAt);
      this.#complete(JSON.parse(data.toString()) as Completed);
    } else if (/"(?:error|response\.failed|response\.incomplete)"/.test(head)) this.#fail(data.toString());
  }

  #complete({ response }: Completed): void {
    const expected = `You said "${this.#said}", the conversation has ${2 * this.#turn - 1} items.`;
    const text = response.output[0]?.content?.[0]?.text;
    if (text !== expected) this.#fail(`answered ${JSON.stringify(text)} instead of ${JSON.stringify(expected)}`);
    this.#previous = response.id;
    this.#all.turns += 1;
    this.#open = false;
    if (this.#wanted) {
      this.#wanted = false;
      this.#send();
    } else this.#idle();
  }

  #fail(what: string): void {
    this.#all.errors.push(`client ${this.#number}, turn ${this.#turn}: ${what.slice(0, 200)}`);
    this.#open = false;
    this.#idle();
  }
}
