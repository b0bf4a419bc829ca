/** What a package costs before it does anything: the time of its `import`, and its size once installed. */
import { noteBetter } from "../support/better.ts";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type PeerId, peerOf, peers } from "../support/peers.ts";
import { ms, type Report } from "../support/report.ts";
import { installedSize } from "../support/size.ts";
import { median, quantile } from "../support/statistics.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL("..", import.meta.url));

interface StartUp {
  client: PeerId;
  importMs: number[];
  packages: number;
  bytes: number;
}

export async function startUp(report: Report, quick: boolean): Promise<void> {
  // The two ways of turnwire and of openai are one import each; `ws` is what the raw loop imports.
  const measured = peers.filter(
    ({ id }) => id !== "turnwire-http" && id !== "openai-http" && id !== "openai-http-stored",
  );
  const all: StartUp[] = measured.map(({ id, packages }) => {
    const { packages: count, bytes } = installedSize(packages);
    return { client: id, importMs: [], packages: count, bytes };
  });
  for (let round = 0; round < (quick ? 3 : 15); round += 1) {
    for (const { client, importMs } of all) importMs.push(await importOnce(peerOf(client).packages));
  }
  report.title(`Start-up: \`import\` in a new process (${all[0]!.importMs.length} times), and what is installed`);
  report.table(
    ["", "import", "p90", "packages", "installed"],
    all.map(({ client, importMs, packages, bytes }) => [
      peerOf(client).packages.join(" + "),
      ms(median(importMs)),
      ms(quantile(importMs, 0.9)),
      String(packages),
      `${(bytes / 1e6).toFixed(1)} MB`,
    ]),
  );
  report.note("with files in the system's cache; `installed` counts what a package needs, its required peers included");
  const openaiMegabytes = (installedSize(["openai"]).bytes / 1e6).toFixed(1);
  report.note(`of what turnwire needs, the \`openai\` package is ${openaiMegabytes} MB: its types, and HTTP`);
  noteBetter(report, "import", new Map(all.map(({ client, importMs }) => [client, median(importMs)])), (value) =>
    ms(value),
  );
  noteBetter(
    report,
    "installed",
    new Map(all.map(({ client, bytes }) => [client, bytes])),
    (bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
  );
  report.keep("startUp", all);
}

/** What the clients import: the packages' main entries. */
async function importOnce(packages: readonly string[]): Promise<number> {
  const imports = packages.map((name) => `await import(${JSON.stringify(name)});`).join("");
  const script = `const t=performance.now();${imports}console.log(performance.now()-t);process.exit()`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: here });
  return Number(stdout.trim().split("\n").at(-1));
}
