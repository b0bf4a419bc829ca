import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

// oxlint-disable-next-line typescript/no-explicit-any -- the parameters of a function of whatever kind
type Commands = { [name: string]: (...args: any[]) => unknown };

interface Reply {
  id?: number;
  answer?: unknown;
  error?: string;
}

/** A process of the benchmark that reports in its first message that it is ready and then answers commands. */
export class OtherProcess<C extends { [K in keyof C]: Commands[string] }, Ready = unknown> {
  readonly ready: Promise<Ready>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #ended = false;

  /** @param script The name of a file in this folder. */
  constructor(script: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    // This serialisation keeps values such as `undefined` and NaN.
    const child = fork(path, args, { execArgv: [...execArgv], serialization: "advanced" });
    this.#child = child;
    const ready = Promise.withResolvers<Ready>();
    this.ready = ready.promise;
    child.once("message", (message) => {
      ready.resolve(message as Ready);
      child.on("message", (reply) => this.#settle(reply as Reply));
    });
    child.once("exit", (code) => {
      const error = new Error(`a process of the benchmark ended with ${code}`);
      ready.reject(error);
      for (const { reject } of this.#waiting.values()) reject(error);
      if (!this.#ended && this.#waiting.size === 0) throw error;
    });
  }

  ask<K extends keyof C & string>(command: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    const id = ++this.#asked;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, command, args });
    return waiting.promise as Promise<Awaited<ReturnType<C[K]>>>;
  }

  async end(): Promise<void> {
    this.#ended = true;
    const exit = once(this.#child, "exit");
    this.#child.disconnect();
    await exit;
  }

  #settle({ id = 0, answer, error }: Reply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }
}

/** The other side: answers the commands of the parent process and ends with it. */
export function answer(commands: Commands, ready: unknown): void {
  const run = async ({ id, command, args }: { id: number; command: string; args: unknown[] }): Promise<void> => {
    try {
      process.send!({ id, answer: await commands[command]!(...args) });
    } catch (error) {
      process.send!({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  };
  process.on("message", (asked: Parameters<typeof run>[0]) => void run(asked));
  process.on("disconnect", () => process.exit());
  process.send!(ready);
}
