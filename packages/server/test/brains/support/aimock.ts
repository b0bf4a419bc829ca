import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LLMock } from "@copilotkit/aimock";
import type { ChatCompletionCreateParams } from "openai/resources/chat/completions/completions";

/** One request to the upstream and its outcome. */
export interface WatchedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves once the first bytes of the answer have gone out. */
  readonly answering: Promise<void>;
  /** Resolves at the end with whether the whole answer was sent before its reader left. */
  readonly over: Promise<"answered" | "abandoned">;
}

/**
 * `@copilotkit/aimock`, a Chat Completions and Responses server of other authors, behind a proxy that sees when a
 * client leaves, which the server itself does not report.
 */
export class Aimock implements AsyncDisposable {
  readonly mock: LLMock;
  /** The base URL for clients. */
  readonly url: string;
  readonly #door: Server;
  readonly #watched: WatchedRequest[];

  private constructor(mock: LLMock, door: Server, watched: WatchedRequest[]) {
    this.mock = mock;
    this.#door = door;
    this.#watched = watched;
    this.url = `http://127.0.0.1:${(door.address() as AddressInfo).port}/v1`;
  }

  static async start(): Promise<Aimock> {
    const mock = new LLMock({ logLevel: "silent", host: "127.0.0.1" });
    const target = await mock.start();
    const watched: WatchedRequest[] = [];
    const door = newDoor(target, watched);
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    return new Aimock(mock, door, watched);
  }

  /** The requests since the start or the last `reset`. */
  get requests(): readonly WatchedRequest[] {
    return this.#watched;
  }

  /** The last request to the upstream. */
  get lastBody(): ChatCompletionCreateParams & Record<string, unknown> {
    return this.mock.getLastRequest()?.body as never;
  }

  reset(): void {
    this.mock.clearRequests();
    this.mock.clearFixtures();
    this.mock.resetMatchCounts();
    this.#watched.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#door.closeAllConnections();
    this.#door.close();
    await this.mock.stop();
  }
}

function newDoor(target: string, watched: WatchedRequest[]): Server {
  return createServer((incoming, outgoing) => {
    const answering = Promise.withResolvers<void>();
    const over = new Promise<"answered" | "abandoned">((resolve) => {
      outgoing.once("close", () => resolve(outgoing.writableFinished ? "answered" : "abandoned"));
    });
    watched.push({ path: incoming.url ?? "", headers: incoming.headers, answering: answering.promise, over });
    const inner = httpRequest(`${target}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    inner.once("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once("data", () => answering.resolve());
      answer.once("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    inner.once("error", () => outgoing.destroy());
    outgoing.once("close", () => inner.destroy());
    incoming.pipe(inner);
  });
}
