import { OtherProcess } from "./other-process.ts";

export interface CannedCommands {
  /** Returns the bytes of each request since the previous call. */
  received: () => number[];
}

/** A server in a process of its own that answers each request at once with prepared bytes, over a socket or HTTP. */
export class CannedServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: OtherProcess<CannedCommands, number>;

  static async start(): Promise<CannedServer> {
    const process = new OtherProcess<CannedCommands, number>("./canned-server-process.ts");
    return new CannedServer(process, await process.ready);
  }

  private constructor(process: OtherProcess<CannedCommands, number>, port: number) {
    this.#process = process;
    this.url = `http://127.0.0.1:${port}/v1`;
  }

  received(): Promise<number[]> {
    return this.#process.ask("received");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
  }
}

/** A question to which the server answers with this many words. */
export function cannedQuestion(deltas: number): string {
  return `${deltas} words, please.`;
}
