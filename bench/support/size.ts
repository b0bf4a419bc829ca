import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const bench = fileURLToPath(new URL("..", import.meta.url));
const root = realpathSync(join(bench, ".."));

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

export interface InstalledSize {
  packages: number;
  bytes: number;
}

/** The size of `node_modules` after installing these packages with all they need, on this kind of machine. */
export function installedSize(names: readonly string[]): InstalledSize {
  const folders = new Set<string>();
  for (const name of names) visit(join(bench, "node_modules", name), folders);
  return { packages: folders.size, bytes: [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0) };
}

function visit(link: string, folders: Set<string>): void {
  const folder = realpathSync(link);
  if (folders.has(folder)) return;
  folders.add(folder);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const peerNames = Object.keys(manifest.peerDependencies ?? {}).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
  );
  for (const name of [
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...peerNames,
  ]) {
    // Optional packages for other kinds of machine are missing.
    const found = lookUp(folder, name);
    if (found !== undefined) visit(found, folders);
  }
}

function lookUp(from: string, name: string): string | undefined {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}

function sizeOf(folder: string): number {
  if (folder === root) return packedSize();
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += sizeOf(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}

/** The folder of turnwire also holds tests and documents; `npm pack` gives what a user gets. */
function packedSize(): number {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return Object.values(JSON.parse(stdout) as Record<string, { unpackedSize: number }>)[0]!.unpackedSize;
}
