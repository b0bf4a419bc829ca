/** How long it takes from a refused upgrade to the HTTP request. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { calmly, calmNote } from "../support/calm.ts";
import { RefusingServer } from "../support/refusing-server.ts";
import { ms, type Report } from "../support/report.ts";
import { median } from "../support/statistics.ts";

const run = promisify(execFile);
const once = fileURLToPath(new URL("../support/refused-once.ts", import.meta.url));

export async function fallback(report: Report, quick: boolean): Promise<void> {
  const first: number[] = [];
  for (let round = 0; round < (quick ? 2 : 10); round += 1) {
    first.push(Number((await run(process.execPath, [once])).stdout));
  }
  await using server = await RefusingServer.start();
  await server.refusedToAskedMs();
  const later = await calmly({ wanted: 50, limitMs: 1 }, () => server.refusedToAskedMs());
  report.title("From a refused upgrade (426) to the HTTP request, loopback");
  report.table(
    ["", "turns", "median", "max"],
    [
      ["the first in a process", String(first.length), ms(median(first)), ms(Math.max(...first))],
      [
        "later ones, each with a new service",
        String(later.samples.length),
        ms(median(later.samples)),
        ms(Math.max(...later.samples)),
      ],
    ],
  );
  report.note(`later ones: ${calmNote(later)}`);
  report.goal("from 426 to the HTTP request, the first in a process, max", Math.max(...first), 50, "ms");
  report.goal("from 426 to the HTTP request, later ones, max of 50", Math.max(...later.samples), 50, "ms");
  report.keep("fallback", { firstMs: first, laterMs: later.all });
}
