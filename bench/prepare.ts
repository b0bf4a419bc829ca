/** Prepares the benchmark: installs the peers as the lockfile has them, and builds turnwire as its users get it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));

const ownPackages = {
  turnwire: "packages/turnwire",
  "@turnwire/voice": "packages/voice",
  "@turnwire/server": "packages/server",
  "@turnwire/test-kit": "test-kit",
};

export function prepare(): void {
  const installed = `${here}node_modules/.package-lock.json`;
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(`${here}package-lock.json`).mtimeMs) {
    console.log("installing the peers into bench/node_modules");
    run(["ci", "--no-audit", "--no-fund"], here);
  }
  mkdirSync(`${here}node_modules/@turnwire`, { recursive: true });
  for (const [name, folder] of Object.entries(ownPackages)) {
    const link = `${here}node_modules/${name}`;
    rmSync(link, { force: true, recursive: true });
    symlinkSync(`${root}${folder}`, link, "junction");
  }
  run(["run", "--silent", "build"], root);
}

function run(args: string[], cwd: string): void {
  const { status } = spawnSync("npm", args, { cwd, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed`);
}
