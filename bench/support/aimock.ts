import { OtherProcess } from "./other-process.ts";

export interface AimockCommands {
  /** Opens another link to the server. Returns its port. */
  link: (rttMs: number) => Promise<number>;
}

/** `@copilotkit/aimock`, a Responses server of other authors, in a process of its own. It always gives the same answer. */
export class Aimock implements AsyncDisposable {
  readonly #process: OtherProcess<AimockCommands>;

  static async start(words: number): Promise<Aimock> {
    const process = new OtherProcess<AimockCommands>("./aimock-process.ts", [String(words)]);
    await process.ready;
    return new Aimock(process);
  }

  private constructor(process: OtherProcess<AimockCommands>) {
    this.#process = process;
  }

  async link(rttMs: number): Promise<string> {
    return `http://127.0.0.1:${await this.#process.ask("link", rttMs)}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
  }
}
