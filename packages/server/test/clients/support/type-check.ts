import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../../../../node_modules", import.meta.url));

const compilerOptions = {
  target: "ES2024",
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

/** The compiler's errors in a module that imports types of the installed packages; empty if there are none. */
export function typeErrors(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), "turnwire-types-"));
  try {
    symlinkSync(modules, join(directory, "node_modules"), "dir");
    writeFileSync(join(directory, "package.json"), '{"type":"module"}');
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["values.ts"] }));
    writeFileSync(join(directory, "values.ts"), source);
    const compiler = [join(modules, "typescript/bin/tsc"), "-p", directory, "--pretty", "false"];
    const { stdout, stderr, status } = spawnSync(process.execPath, compiler, { encoding: "utf8", cwd: directory });
    return status === 0 ? "" : `${stdout}${stderr}` || `the compiler ended with ${status}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
