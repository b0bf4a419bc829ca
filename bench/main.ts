/**
 * Measures every figure that this repository states: `npm run bench`.
 * - `--quick`: fewer repetitions, and several clients at the same time. It takes minutes; do not quote its figures.
 * - `--only a,b`: measures only these figures.
 * - `--json FILE`: writes all measurements as JSON.
 * - `--write`: writes docs/benchmarks.md and its plots.
 * - `--from FILE`: reads measurements that `--json` wrote instead of measuring; figures measured in addition replace those of
 *   the file.
 * - `--check`: exits with code 1 if a goal is missed that depends neither on the machine's speed nor on other clients: a
 *   ratio to the floor or to the ideal, or a count.
 * - `--profile`: shows where the client spends its time, and nothing else (`profile.ts`).
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figures } from "./figures.ts";
import { prepare } from "./prepare.ts";
import { machine, type Run } from "./support/run.ts";
import { goalsOf, goalText, isOurs, type Results } from "./support/report.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    only: { type: "string" },
    from: { type: "string" },
    write: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
});
const names =
  (values.profile ? "profile" : values.only)?.split(",") ?? (values.from === undefined ? Object.keys(figures) : []);
const unknown = names.filter((name) => !Object.hasOwn(figures, name));
if (unknown.length > 0) {
  throw new Error(`no such figure: ${unknown.join(", ")}; known: ${Object.keys(figures).join(", ")}`);
}

prepare();
await measure();

async function measure(): Promise<void> {
  const run: Run = values.from === undefined ? { ...machine(), figures: {} } : await read(values.from);
  const waiting = values.quick ? names.filter((name) => figures[name]!.waits) : [];
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) run.figures[name] = await own(name);
  };
  const alone = names.filter((name) => !waiting.includes(name));
  await Promise.all([lane(), lane()]);
  for (const name of alone) run.figures[name] = await own(name);
  const goals = goalsOf(Object.values(run.figures).flatMap(({ sections }) => sections));
  const missed = goals.filter(({ met }) => !met);
  console.log(`\n${goals.length - missed.length} of ${goals.length} goals met`);
  for (const goal of missed) console.log(`  missed: ${goal.what}: ${goalText(goal)}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(run)}\n`);
  if (values.write) await (await import("./document.ts")).writeDocument(run);
  if (values.check && missed.some(isOurs)) process.exitCode = 1;
}

async function read(file: string): Promise<Run> {
  return JSON.parse(await readFile(file, "utf8")) as Run;
}

/** Measures a figure in a process of its own. Prints the output when the figure is done, because others may run meanwhile. */
async function own(name: string): Promise<Results> {
  const startedAt = performance.now();
  const script = fileURLToPath(new URL("./figure.ts", import.meta.url));
  const options = values.quick ? ["--quick"] : [];
  const child = fork(script, [name, ...options], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    serialization: "advanced",
  });
  let results: Results | undefined;
  child.once("message", (message) => (results = message as Results));
  const said: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => void said.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  console.log(`${Buffer.concat(said).toString()}  ${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  if (results === undefined) throw new Error(`measuring ${name} failed with exit code ${code}`);
  return { ...results, quick: values.quick };
}
