import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Patch } from "../mutants.ts";

const ownSource = new URL("../../packages/turnwire/src/", import.meta.url).href;

/**
 * Makes every module of the client that is imported from now on load from `sourceDir` (default: this repository), with the
 * patches applied. It writes no file.
 */
export function patchSource(patches: readonly Patch[], sourceDir?: string): void {
  if (patches.length === 0 && sourceDir === undefined) return;
  const source = sourceDir === undefined ? ownSource : pathToFileURL(`${sourceDir.replace(/\/+$/, "")}/`).href;
  const patched = new Map(patches.map(({ file }) => [source + file, apply(source, file, patches)]));
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (source === ownSource || !resolved.url.startsWith(ownSource)) return resolved;
      return { ...resolved, url: source + resolved.url.slice(ownSource.length) };
    },
    load(url, context, next) {
      const text = patched.get(url);
      if (text === undefined) return next(url, context);
      return { format: "module-typescript", source: text, shortCircuit: true };
    },
  });
}

function apply(source: string, file: string, patches: readonly Patch[]): string {
  return patchText(readFileSync(fileURLToPath(source + file), "utf8"), file, patches);
}

/** @throws Error if the text to replace does not occur in the file exactly once. */
export function patchText(text: string, file: string, patches: readonly Patch[]): string {
  let patched = text;
  for (const { find, replace } of patches.filter((patch) => patch.file === file)) {
    const count = patched.split(find).length - 1;
    if (count !== 1)
      throw new Error(`packages/turnwire/src/${file} contains a mutant's text ${count} times, expected once: ${find}`);
    patched = patched.replace(find, () => replace);
  }
  return patched;
}
