#!/usr/bin/env node
// No static imports, and only what very old versions of Node can parse: where turnwire cannot run it has to say so.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

function fail(text) {
  console.error(text);
  process.exitCode = 1;
}

async function main() {
  const { existsSync } = await import("node:fs");
  const source = new URL("../src/cli/main.ts", import.meta.url);
  if (!existsSync(source)) return import("../dist/cli/main.js");
  // In a checkout nothing is built: run the source, and let the other packages resolve to theirs.
  const { registerHooks } = await import("node:module");
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ["turnwire-source", ...context.conditions] }),
  });
  return import(source.href);
}

if (major > 22 || (major === 22 && minor >= 12)) main().catch((error) => fail("turnwire: " + String(error)));
else fail("turnwire needs Node 22.12 or newer; this is Node " + process.versions.node);
