/**
 * Joins the modules of the built client into a few files, which a new process imports in half the time: run it in the
 * package's folder after `tsc`. The declarations stay as they are.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";

interface Manifest {
  exports: Record<string, string | { default: string }>;
}

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const entries = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : [entry.default]));

const bundle = await rolldown({
  input: entries.map((entry) => resolve(entry)),
  external: /^[^./]/,
  platform: "node",
});
const { output } = await bundle.generate({ format: "esm", chunkFileNames: "chunks/[name].js" });
await bundle.close();

for (const file of globSync("dist/**/*.js")) rmSync(file);
for (const file of output) {
  if (file.type !== "chunk") throw new Error(`${file.fileName} is no module`);
  const path = join("dist", file.fileName);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, withConstantClasses(file.code));
}

/**
 * The bundler declares classes with `var`, which the engine has to read anew at every use. A constant keeps the class's name,
 * too, by which frames and errors are called.
 */
function withConstantClasses(code: string): string {
  const renamed = /^var (\w+\$\d+) = class\b/m.exec(code);
  if (renamed !== null) throw new Error(`two classes have the name of ${renamed[1]}; give one another name`);
  return code.replace(/^var (\w+) = class\b/gm, "const $1 = class");
}
