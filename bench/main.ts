/**
 * The figures this repository states, measured anew: `npm run bench`. With `--quick` fewer repetitions, with `--only` the
 * named figures alone (separated by commas), with `--json FILE` everything measured as JSON. Exit code 1: a goal is missed.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bytesPerTurn } from "./bytes.ts";
import { clientCost } from "./client-cost.ts";
import { cutPostHoc } from "./cut-post-hoc.ts";
import { delayProxy } from "./delay-proxy.ts";
import { dropped } from "./dropped.ts";
import { fallback } from "./fallback.ts";
import { interruption } from "./interruption.ts";
import { planning } from "./planning.ts";
import { pool } from "./pool.ts";
import { Report, type Results } from "./support/report.ts";

const figures: Record<string, (report: Report, quick: boolean) => Promise<void>> = {
  planning,
  bytes: bytesPerTurn,
  link: delayProxy,
  interruption,
  "cut-post-hoc": cutPostHoc,
  dropped,
  fallback,
  pool,
  "client-cost": clientCost,
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    only: { type: "string" },
  },
});
const names = values.only?.split(",") ?? Object.keys(figures);
const unknown = names.filter((name) => !Object.hasOwn(figures, name));
if (unknown.length > 0) {
  throw new Error(`no such figure: ${unknown.join(", ")}; known: ${Object.keys(figures).join(", ")}`);
}

/** Each in a process of its own, so that none is measured in what another has left behind. */
async function inItsOwnProcess(name: string): Promise<Results> {
  const child = fork(fileURLToPath(import.meta.url), ["--only", name, ...(values.quick ? ["--quick"] : [])]);
  let results: Results | undefined;
  child.once("message", (message) => (results = message as Results));
  const [code] = (await once(child, "exit")) as [number];
  if (results === undefined) throw new Error(`measuring ${name} failed with exit code ${code}`);
  return results;
}

const report = new Report();
const [only] = names;
if (process.send !== undefined) {
  await figures[only!]!(report, values.quick);
  process.send(report.results, () => process.disconnect());
} else {
  for (const name of names) report.add(await inItsOwnProcess(name));
  report.summary();
  if (values.json !== undefined) await report.write(values.json, { quick: values.quick, figures: names });
  if (report.missed.length > 0) process.exitCode = 1;
}
