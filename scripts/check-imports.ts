/**
 * Holds src/ to its map: imports only go from a room to the rooms listed for it, through their index.ts, and never
 * round in a circle. Type imports, re-exports and dynamic imports count; the compiler itself says what imports what.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A room is a folder of src/, or a file right in it. */
const table: Record<string, readonly string[]> = {
  cli: [
    "index",
    "openai",
    "services",
    "context",
    "pipeline",
    "frames",
    "websocket",
    "server",
    "speech-server",
    "audio",
    "protocol",
    "async",
    "errors",
  ],
  index: ["openai", "services", "context", "pipeline", "frames", "websocket", "protocol", "async", "errors"],
  voice: ["deepgram", "cartesia", "turns", "transports", "audio"],
  deepgram: ["services", "context", "pipeline", "frames", "websocket", "audio", "async", "errors"],
  cartesia: ["services", "context", "pipeline", "frames", "websocket", "audio", "async", "errors"],
  turns: ["context", "pipeline", "frames", "audio", "async", "errors"],
  transports: ["pipeline", "frames", "websocket", "audio", "async", "errors"],
  "speech-server": ["audio", "async", "errors"],
  audio: ["errors"],
  openai: ["services", "context", "pipeline", "frames", "websocket", "protocol", "async", "errors"],
  services: ["context", "pipeline", "frames", "websocket", "audio", "async", "errors"],
  context: ["pipeline", "frames", "async", "errors"],
  pipeline: ["frames", "async", "errors"],
  frames: ["errors"],
  websocket: ["async", "errors"],
  server: ["protocol", "async", "errors"],
  protocol: ["errors"],
  async: ["errors"],
  errors: [],
};

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = "node_modules/typescript/bin/tsc -p tsconfig.build.json --noEmit --noCheck --explainFiles".split(" ");
const options = { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 } as const;
const { stdout, stderr, status } = spawnSync(process.execPath, compiler, options);

const files: string[] = [];
const imports = new Map<string, Map<string, string>>();
for (const line of stdout.split("\n")) {
  if (/^\S/.test(line)) files.push(line);
  const [, specifier, from] = /^ +(?:Imported|Referenced) via (\S+) from file '(src\/[^']+)'/.exec(line) ?? [];
  const to = files.at(-1);
  if (specifier === undefined || from === undefined || to === undefined || !to.startsWith("src/")) continue;
  imports.set(from, (imports.get(from) ?? new Map<string, string>()).set(to, specifier));
}
if (status !== 0 || imports.size === 0) {
  throw new Error(`tsc ended with ${status} and ${imports.size} importing files\n${stdout.slice(0, 2000)}\n${stderr}`);
}

const roomOf = (file: string): string => file.slice("src/".length).replace(/(?:\/|\.ts$).*/, "");

function place(from: string, specifier: string): string {
  const lines = readFileSync(`${root}/${from}`, "utf8").split("\n");
  return `${from}:${lines.findIndex((line) => line.includes(specifier)) + 1}`;
}

const breaches: string[] = [];
const ownFiles = files.filter((file) => file.startsWith("src/"));
for (const room of new Set(ownFiles.map(roomOf))) {
  if (table[room] === undefined) breaches.push(`src/${room}: has no row in the table of scripts/check-imports.ts`);
}
for (const [from, targets] of imports) {
  for (const [to, specifier] of targets) {
    const [here, there] = [roomOf(from), roomOf(to)];
    if (here === there) continue;
    const allowed = table[here] ?? [];
    if (!allowed.includes(there)) {
      breaches.push(
        `${place(from, specifier)}: ${here} may not import ${there}; allowed: ${allowed.join(", ") || "nothing"}`,
      );
    } else if (to !== `src/${there}/index.ts` && to !== `src/${there}.ts`) {
      breaches.push(`${place(from, specifier)}: ${to} is not the entry of ${there}; import src/${there}/index.ts`);
    }
  }
}

const done = new Set<string>();
function findCircles(file: string, path: readonly string[]): void {
  if (path.includes(file)) {
    const circle = [...path.slice(path.indexOf(file)), file];
    breaches.push(`${place(path.at(-1)!, imports.get(path.at(-1)!)!.get(file)!)}: circle ${circle.join(" -> ")}`);
  } else if (!done.has(file)) {
    for (const to of imports.get(file)?.keys() ?? []) findCircles(to, [...path, file]);
    done.add(file);
  }
}
for (const file of imports.keys()) findCircles(file, []);

if (breaches.length > 0) {
  console.error(breaches.join("\n"));
  process.exit(1);
}
const count = [...imports.values()].reduce((sum, targets) => sum + targets.size, 0);
console.log(`imports: ${count} between ${ownFiles.length} files of src/, none against the map`);
