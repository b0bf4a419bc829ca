/** The cost of a package before it does anything: the time of its `import`, and its installed size. */
import { noteBetter } from "../support/better.ts";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { floor, type PeerId, peerOf, peers } from "../support/peers.ts";
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
  // The services of turnwire share one import, and so do those of openai; for the raw loop this measures `ws`.
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
  report.title(`Start-up: \`import\` in a new process (${all[0]!.importMs.length} times), and the installed size`);
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
  report.note(
    "the files are in the system's cache; `installed` includes every package that a package needs, with its required peers",
  );
  noteBetter(report, "import", new Map(all.map(({ client, importMs }) => [client, median(importMs)])), (value) =>
    ms(value),
  );
  noteBetter(
    report,
    "installed",
    new Map(all.map(({ client, bytes }) => [client, bytes])),
    (bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
  );
  const turnwire = all.find(({ client }) => client === "turnwire-ws")!;
  const raw = all.find(({ client }) => client === floor)!;
  report.goal('`import "turnwire"`', median(turnwire.importMs), 60, "ms");
  report.goal('`import "turnwire"`, against `ws`', median(turnwire.importMs) / median(raw.importMs), 2, "×");
  report.goal("turnwire, installed with all it needs", turnwire.bytes / 1e6, 5, "MB");
  report.keep("startUp", all);
}

/** Imports the main entries of the client's packages in a new process. */
async function importOnce(packages: readonly string[]): Promise<number> {
  const imports = packages.map((name) => `await import(${JSON.stringify(name)});`).join("");
  const script = `const t=performance.now();${imports}console.log(performance.now()-t);process.exit()`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: here });
  return Number(stdout.trim().split("\n").at(-1));
}
