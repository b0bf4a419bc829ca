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

/** What the model saw in a request, by the text of the last message. */
export interface Shown {
  question: string;
  conversation: string;
  items: number;
  bytes: number;
}

/** The commands that the other process understands. */
export interface FarEndCommands {
  /** Returns the requests that reached the model. */
  shown: () => Shown[];
  /** Forgets those requests. */
  reset: () => void;
  /** Opens another link to the same server. */
  link: (rttMs: number, uplink?: UplinkOptions) => Promise<{ id: number; port: number }>;
  counts: (link?: number) => ProxyCounts;
  /** Returns what clients have sent over a link since the previous call. */
  sent: (link: number) => Sent[];
  /** Cuts every WebSocket connection. Returns when. */
  drop: () => number;
  /** Cuts every WebSocket connection this long after the next request has reached the model. Returns when. */
  dropDuring: (afterMs: number) => Promise<number>;
  /** Cuts every connection on every link, also those over HTTP, as if the server had vanished. Returns when. */
  cut: () => number;
  cutDuring: (afterMs: number) => Promise<number>;
  /** How late the proxy passed pieces on. */
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
 * The other end of the line, in a process of its own so that its work does not count for the client: the embedded server, its
 * model, and proxies that add distance.
 */
export class FarEnd implements AsyncDisposable {
  /** The base URL through the proxy; `directURL`: without it. */
  readonly url: string;
  readonly directURL: string;
  /** The ports of a server that echoes bytes, through the proxy and without it. */
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

  /** Opens another link to the same server, with a count of its own of the bytes sent. */
  async link(rttMs: number, uplink?: UplinkOptions): Promise<Link> {
    const { id, port } = await this.ask("link", rttMs, uplink);
    return { id, url: urlOf(port) };
  }

  /** How long other processes have kept this process and the other end waiting for a CPU. */
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
