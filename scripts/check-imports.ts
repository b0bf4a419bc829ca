/**
 * Checks the source against the map in `map.ts`: other rooms import a room only through its `index.ts`, a room imports only
 * rooms below it, a package imports only what the map lists for it, and there are no import cycles. Type imports, re-exports
 * and dynamic imports count. The list of imports comes from the compiler.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { packages } from "./map.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const ownFile = /^packages\/(\w+)\/src\/(.+)$/;

const compiler = "node_modules/typescript/bin/tsc -p tsconfig.json --noEmit --noCheck --explainFiles".split(" ");
const options = { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 } as const;
const { stdout, stderr, status } = spawnSync(process.execPath, compiler, options);

const files: string[] = [];
/** The imports of each file: target and specifier. */
const imports = new Map<string, Map<string, string>>();
for (const line of stdout.split("\n")) {
  if (/^\S/.test(line)) files.push(line);
  const [, specifier, from] =
    /^ +(?:Imported|Referenced) via "?([^"\s]+)"? from file '(packages\/\w+\/src\/[^']+)'/.exec(line) ?? [];
  const to = files.at(-1);
  if (specifier === undefined || from === undefined || to === undefined || !ownFile.test(to)) continue;
  imports.set(from, (imports.get(from) ?? new Map<string, string>()).set(to, specifier));
}
if (status !== 0 || imports.size === 0) {
  throw new Error(`tsc ended with ${status} and ${imports.size} importing files\n${stdout.slice(0, 2000)}\n${stderr}`);
}

interface Place {
  pack: string;
  room: string;
  /** The names below the room's, without `.ts`. */
  rest: readonly string[];
}

function placeOf(file: string): Place {
  const [, pack, path] = ownFile.exec(file)!;
  const [room, ...rest] = path!.replace(/\.ts$/, "").split("/");
  return { pack: pack!, room: room!, rest };
}

function isEntry({ rest }: Pick<Place, "rest">): boolean {
  return rest.length === 0 || rest.join("/") === "index";
}

function where(from: string, specifier: string): string {
  const lines = readFileSync(`${root}/${from}`, "utf8").split("\n");
  return `${from}:${lines.findIndex((line) => line.includes(specifier)) + 1}`;
}

function breachOf(from: string, to: string, specifier: string): string | undefined {
  const [here, there] = [placeOf(from), placeOf(to)];
  const { rooms, imports: all, except } = packages[here.pack]!;
  if (here.pack !== there.pack) {
    const allowed = except?.[here.room] ?? all;
    if (allowed.includes(specifier)) return undefined;
    return `${here.pack}/${here.room} may not import ${specifier}; allowed: ${allowed.join(", ") || "nothing"}`;
  }
  if (here.room === there.room) return breachWithin(here, there, to);
  if (rooms.indexOf(there.room) < rooms.indexOf(here.room))
    return `${here.room} may not import ${there.room}, which is above it`;
  return isEntry(there) ? undefined : `${to} is not the entry of ${there.room}; import its index.ts`;
}

/** The same rules among the rooms within a room, if the map has them. */
function breachWithin(here: Place, there: Place, to: string): string | undefined {
  const inner = packages[here.pack]!.within?.[here.room];
  const [[from = "index"], [target = "index", ...rest]] = [here.rest, there.rest];
  if (inner === undefined || from === target) return undefined;
  if (inner.indexOf(target) < inner.indexOf(from)) {
    return `${here.room}/${from} may not import ${here.room}/${target}, which is above it`;
  }
  return isEntry({ rest }) ? undefined : `${to} is not the entry of ${here.room}/${target}; import its index.ts`;
}

const breaches: string[] = [];
const ownFiles = files.filter((file) => ownFile.test(file));
for (const file of ownFiles) {
  const { pack, room, rest } = placeOf(file);
  if (packages[pack]?.rooms.includes(room) !== true) breaches.push(`${file}: ${room} is not in the list of ${pack}`);
  const inner = packages[pack]?.within?.[room];
  const [name = "index"] = rest;
  if (inner?.includes(name) === false) breaches.push(`${file}: ${name} is not in the list of ${pack}/${room}`);
}
for (const [from, targets] of imports) {
  for (const [to, specifier] of targets) {
    const breach = breachOf(from, to, specifier);
    if (breach !== undefined) breaches.push(`${where(from, specifier)}: ${breach}`);
  }
}

const done = new Set<string>();
function findCircles(file: string, path: readonly string[]): void {
  if (path.includes(file)) {
    const circle = [...path.slice(path.indexOf(file)), file];
    breaches.push(`${where(path.at(-1)!, imports.get(path.at(-1)!)!.get(file)!)}: circle ${circle.join(" -> ")}`);
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
console.log(`imports: ${count} between ${ownFiles.length} files of the packages, all as the map allows`);
