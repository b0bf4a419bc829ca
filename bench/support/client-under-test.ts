import type { AllocationOptions, Allocated } from "../tasks/allocation.ts";
import type { BurstOptions } from "../tasks/burst.ts";
import type { IdleOptions, IdleMemory } from "../tasks/idle.ts";
import type { LoadOptions, Loaded } from "../tasks/load.ts";
import type { Marathon, MarathonOptions } from "../tasks/marathon.ts";
import type { Heard } from "./heard.ts";
import type { Question } from "./model.ts";
import { OtherProcess } from "./other-process.ts";
import { type Peer } from "./peers.ts";

/** The commands that the process of a client understands. Conversations are identified by number. */
export interface ClientCommands {
  /** @param toolBytes Offers the model a function whose result has this size. */
  open: (baseURL: string, toolBytes?: number) => number;
  canWarmUp: (conversation: number) => boolean;
  warmUp: (conversation: number) => Promise<void>;
  say: (conversation: number, question: Question, limitMs?: number) => Promise<Heard>;
  /** Interrupts the first answer after this many words and sends the next question at once. */
  sayBoth: (conversation: number, question: Question, cutAfter: number, next: Question) => Promise<[Heard, Heard]>;
  heard: (conversation: number, text: string) => void;
  close: (conversation: number) => Promise<void>;
  cpuWaitMs: () => number;
  /** Microseconds of CPU time for each response of a burst. */
  burst: (options: BurstOptions) => Promise<number>;
  allocation: (options: AllocationOptions) => Promise<Allocated>;
  load: (options: LoadOptions) => Promise<Loaded>;
  idle: (options: IdleOptions) => Promise<IdleMemory>;
  marathon: (options: MarathonOptions) => Promise<Marathon>;
}

/** A client in a process of its own, so that no client inherits the heap or the compiled code of another. */
export class ClientUnderTest implements AsyncDisposable {
  readonly peer: Peer;
  readonly #process: OtherProcess<ClientCommands>;

  static async start(peer: Peer): Promise<ClientUnderTest> {
    const process = new OtherProcess<ClientCommands>("./client-process.ts", [peer.id], ["--expose-gc"]);
    await process.ready;
    return new ClientUnderTest(peer, process);
  }

  private constructor(peer: Peer, process: OtherProcess<ClientCommands>) {
    this.peer = peer;
    this.#process = process;
  }

  ask<C extends keyof ClientCommands>(
    command: C,
    ...args: Parameters<ClientCommands[C]>
  ): Promise<Awaited<ReturnType<ClientCommands[C]>>> {
    return this.#process.ask(command, ...args);
  }

  async open(url: string, toolBytes?: number): Promise<RemoteConversation> {
    return new RemoteConversation(this, await this.ask("open", url, toolBytes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
  }
}

/** A conversation in the process of its client. */
export class RemoteConversation implements AsyncDisposable {
  readonly #client: ClientUnderTest;
  readonly #id: number;

  constructor(client: ClientUnderTest, id: number) {
    this.#client = client;
    this.#id = id;
  }

  /** @param limitMs How long to wait before the turn counts as lost. */
  say(question: Question, limitMs?: number): Promise<Heard> {
    return this.#client.ask("say", this.#id, question, limitMs);
  }

  sayBoth(question: Question, cutAfter: number, next: Question): Promise<[Heard, Heard]> {
    return this.#client.ask("sayBoth", this.#id, question, cutAfter, next);
  }

  heard(text: string): Promise<void> {
    return this.#client.ask("heard", this.#id, text);
  }

  canWarmUp(): Promise<boolean> {
    return this.#client.ask("canWarmUp", this.#id);
  }

  warmUp(): Promise<void> {
    return this.#client.ask("warmUp", this.#id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.ask("close", this.#id);
  }
}
