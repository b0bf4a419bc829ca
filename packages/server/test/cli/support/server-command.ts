import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunningCommand } from "./running-command.ts";

/** `turnwire server` as a process, on a free port. */
export class ServerCommand extends RunningCommand {
  url = "";
  wsURL = "";

  /** Resolves when it has printed its address. */
  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<ServerCommand> {
    const command = new ServerCommand(["server", "--port", "0", ...args], env);
    const url = await command.until(() => /\bhttp:\/\/[^\s"]+\/v1\b/.exec(command.stdout + command.stderr)?.[0]);
    const wsURL = await command.until(() => /\bws:\/\/[^\s"]+\/responses\b/.exec(command.stdout + command.stderr)?.[0]);
    return Object.assign(command, { url, wsURL });
  }
}

/** A directory of a test's own. */
export class TemporaryDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "turnwire-server-"));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
