import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { CancelMode } from "../../src/server/index.ts";
import { cpuWaitMs } from "./calm.ts";
import type { ProxyCounts } from "./delay-proxy.ts";
import type { ModelTimes } from "./model.ts";

export interface FarEndOptions {
  rttMs: number;
  model: ModelTimes;
  lanes: boolean;
  cancel: CancelMode;
}

/** What the model was shown for a request, by the text of the last message. */
export interface Shown {
  question: string;
  conversation: string;
  bytes: number;
}

/** What can be asked of the other thread. */
export interface FarEndCommands {
  /** The requests that reached the model. */
  shown: () => Shown[];
  counts: () => ProxyCounts;
  /** Cuts every connection off; the answer is when. */
  drop: () => number;
  /** Cuts every connection off so long after the next request has reached the model; the answer, then, is when. */
  dropDuring: (afterMs: number) => Promise<number>;
  /** How late the proxy passed things on. */
  lateMs: () => number[];
  cpuWaitMs: () => number;
}

export type Command = keyof FarEndCommands;
export type Answer<C extends Command> = Awaited<ReturnType<FarEndCommands[C]>>;

/**
 * What is at the other end of the line, in a thread of its own so that it is not measured: the embedded server, its model,
 * and a proxy that makes it far away.
 */
export class FarEnd implements AsyncDisposable {
  /** The base URL through the proxy. */
  readonly url: string;
  /** Where bytes come back as they are, through the proxy and without it. */
  readonly echoPorts: { far: number; near: number };
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #asked = 0;

  static async start(options: Partial<FarEndOptions> = {}): Promise<FarEnd> {
    const all: FarEndOptions = {
      rttMs: 40,
      model: { firstTokenMs: 100, tokenMs: 5 },
      lanes: true,
      cancel: "refuse",
      ...options,
    };
    const worker = new Worker(new URL("./far-end-worker.ts", import.meta.url), { workerData: all });
    const [ports] = (await once(worker, "message")) as [{ server: number; echo: { far: number; near: number } }];
    return new FarEnd(worker, ports);
  }

  private constructor(worker: Worker, ports: { server: number; echo: { far: number; near: number } }) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${ports.server}/v1`;
    this.echoPorts = ports.echo;
    worker.on("error", (error) => {
      throw error;
    });
    worker.on("message", ({ id, answer }: { id: number; answer: unknown }) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  ask<C extends Command>(command: C, ...args: Parameters<FarEndCommands[C]>): Promise<Answer<C>> {
    const id = ++this.#asked;
    this.#worker.postMessage({ id, command, args });
    return new Promise((resolve) => void this.#waiting.set(id, resolve as (answer: unknown) => void));
  }

  /** How long this thread and that one have been kept from running by others. */
  async cpuWaitMs(): Promise<number> {
    return cpuWaitMs() + (await this.ask("cpuWaitMs"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
