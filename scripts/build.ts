/** Builds the packages, each after those it imports. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

for (const name of ["turnwire", "voice", "server"]) {
  rmSync(`${root}packages/${name}/dist`, { recursive: true, force: true });
  const args = [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}packages/${name}/tsconfig.build.json`];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  if (name !== "turnwire") continue;
  const bundled = spawnSync(process.execPath, [`${root}scripts/bundle.ts`], {
    cwd: `${root}packages/${name}`,
    stdio: "inherit",
  });
  if (bundled.status !== 0) process.exit(bundled.status ?? 1);
}
