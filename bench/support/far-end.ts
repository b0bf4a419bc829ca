import type { CancelMode } from "@turnwire/server";
import { cpuWaitMs } from "./calm.ts";
import type { ProxyCounts, Sent } from "./delay-proxy.ts";
import type { ModelTimes } from "./model.ts";
import { OtherProcess } from "./other-process.ts";
import type { UplinkOptions } from "./uplink.ts";

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
  items: number;
  bytes: number;
}

/** What can be asked of the other process. */
export interface FarEndCommands {
  /** The requests that reached the model. */
  shown: () => Shown[];
  /** Forgets them. */
  reset: () => void;
  /** A further way to the same server. */
  link: (rttMs: number, uplink?: UplinkOptions) => Promise<{ id: number; port: number }>;
  counts: (link?: number) => ProxyCounts;
  /** What clients have sent over a link since this was asked last. */
  sent: (link: number) => Sent[];
  /** Cuts every connection off; the answer is when. */
  drop: () => number;
  /** Cuts every connection off so long after the next request has reached the model; the answer, then, is when. */
  dropDuring: (afterMs: number) => Promise<number>;
  /** The same for every link, and whatever goes over it: the server is gone from one moment to the next. */
  cut: () => number;
  cutDuring: (afterMs: number) => Promise<number>;
  /** How late the proxy passed things on. */
  lateMs: () => number[];
  cpuWaitMs: () => number;
}

type Command = keyof FarEndCommands;
export type { Command };

interface Ports {
  server: number;
  direct: number;
  echo: { far: number; near: number };
}

/**
 * What is at the other end of the line, in a process of its own so that it is not measured: the embedded server, its
 * model, and proxies that make it far away.
 */
export class FarEnd implements AsyncDisposable {
  /** The base URL through the proxy, and without one. */
  readonly url: string;
  readonly directURL: string;
  /** Where bytes come back as they are, through the proxy and without it. */
  readonly echoPorts: { far: number; near: number };
  readonly #process: OtherProcess<FarEndCommands>;

  static async start(options: Partial<FarEndOptions> = {}): Promise<FarEnd> {
    const all: FarEndOptions = {
      rttMs: 40,
      model: { firstTokenMs: 100, tokenMs: 5 },
      lanes: true,
      cancel: "refuse",
      ...options,
    };
    const process = new OtherProcess<FarEndCommands, Ports>("./far-end-process.ts", [JSON.stringify(all)]);
    return new FarEnd(process, await process.ready);
  }

  private constructor(process: OtherProcess<FarEndCommands>, ports: Ports) {
    this.#process = process;
    this.url = urlOf(ports.server);
    this.directURL = urlOf(ports.direct);
    this.echoPorts = ports.echo;
  }

  ask<C extends Command>(
    command: C,
    ...args: Parameters<FarEndCommands[C]>
  ): Promise<Awaited<ReturnType<FarEndCommands[C]>>> {
    return this.#process.ask(command, ...args);
  }

  /** Another way to the same server, on which what is sent can be counted by itself. */
  async link(rttMs: number, uplink?: UplinkOptions): Promise<Link> {
    const { id, port } = await this.ask("link", rttMs, uplink);
    return { id, url: urlOf(port) };
  }

  /** How long this process and that one have been kept from running by others. */
  async cpuWaitMs(): Promise<number> {
    return cpuWaitMs() + (await this.ask("cpuWaitMs"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
  }
}

export interface Link {
  readonly id: number;
  readonly url: string;
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/v1`;
}
