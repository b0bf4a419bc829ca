/**
 * Adds the packages for other platforms that `npm install` left out of package-lock.json. If a registry mirror does not carry
 * them, npm leaves them out without a message, and `npm ci` then rejects the lockfile on every machine. Run it after `npm
 * install` of a new oxlint, oxlint-tsgolint or oxfmt: `node scripts/fill-lock.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  version?: string;
  engines?: unknown;
  license?: unknown;
  dev?: unknown;
  peer?: unknown;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
const systems = new Set(["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const added: string[] = [];

for (const { dev, peer, license, engines, optionalDependencies } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    const words = name.split(/[/-]/);
    const system = words.findIndex((word) => systems.has(word));
    const [os, cpu, abi] = words.slice(system);
    // Without `os` and `cpu`, npm would try to install the package on every platform.
    if (system === -1 || cpu === undefined || !/^\d/.test(version))
      throw new Error(`${name}@${version}: not understood`);
    const libc = abi?.startsWith("gnu") ? ["glibc"] : abi?.startsWith("musl") ? ["musl"] : undefined;
    lock.packages[key] = { version, cpu: [cpu], dev, libc, license, optional: true, os: [os], peer, engines };
    added.push(`${name}@${version}`);
  }
}

const [root, ...rest] = Object.entries(lock.packages);
if (root === undefined) throw new Error("package-lock.json holds no packages");
rest.sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries([root, ...rest]);
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(added.length === 0 ? "nothing was missing" : `added:\n${added.join("\n")}`);
