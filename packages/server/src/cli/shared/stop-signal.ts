import { constants } from "node:os";

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long the end may take: a reader of the output that hangs must not keep the process alive. */
const longestEndMs = 5_000;

/** A repeated signal this soon does not count: `npx` passes on the Ctrl-C that the terminal has sent already. */
const echoMs = 250;

/** Waits for a signal to end the process. A second one ends it at once. */
export class StopSignal implements Disposable {
  readonly arrived: Promise<string>;
  readonly #listener: (name: NodeJS.Signals) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.arrived = promise;
    let first: { name: string; at: number } | undefined;
    this.#listener = (name) => {
      if (name === first?.name && performance.now() - first.at < echoMs) return;
      if (first !== undefined) process.exit(128 + constants.signals[name]);
      first = { name, at: performance.now() };
      setTimeout(() => process.exit(process.exitCode ?? 1), longestEndMs).unref();
      resolve(name);
    };
    for (const name of names) process.on(name, this.#listener);
  }

  [Symbol.dispose](): void {
    for (const name of names) process.off(name, this.#listener);
  }
}
