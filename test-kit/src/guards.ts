/**
 * Limits for the kinds of tests: a unit test opens no socket, and only a process test starts processes. Each
 * project of `vitest.config.ts` sets up its guards with this.
 */
import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { Server, Socket } from "node:net";

type Kind = "socket" | "process";

function refusal(does: string, kind: Kind): () => never {
  return () => {
    throw new Error(`this test ${does}, so its file has to be named *.${kind}.test.ts (CONTRIBUTING.md, Tests)`);
  };
}

export function forbidSockets(): void {
  Socket.prototype.connect = refusal("opens a socket", "socket");
  Server.prototype.listen = refusal("listens on a port", "socket");
}

export function forbidProcesses(): void {
  const refuse = refusal("starts a process", "process");
  Object.assign(ChildProcess.prototype, { spawn: refuse });
  Object.assign(childProcess, { spawnSync: refuse, execFileSync: refuse, execSync: refuse });
  syncBuiltinESMExports();
}
