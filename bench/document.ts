/** Writes docs/benchmarks.md and its plots from the measurements. */
import { writeFile } from "node:fs/promises";
import { figures } from "./figures.ts";
import { peersAndStandby, versionOf } from "./support/peers.ts";
import { goalsOf, goalText, type Results, type Section, type Table } from "./support/report.ts";
import { overview } from "./overview.ts";
import type { Run } from "./support/run.ts";
import { intro, noticed, scenarios, summaryText } from "./text.ts";

/** A drawn plot: its file, its alternative text, and the figure whose chapter shows it. */
interface Plot {
  readonly name: string;
  readonly says: string;
  readonly figure: string;
}

const docs = new URL("../docs/", import.meta.url);

export async function writeDocument(run: Run): Promise<void> {
  // Imported by URL, so that the types of the plotting library are not needed when the peers are not installed.
  const drawing = (await import(new URL("./plots/all.ts", import.meta.url).href)) as {
    drawAll: (run: Run, folder: URL) => Promise<Plot[]>;
  };
  const drawn = await drawing.drawAll(run, new URL("benchmarks/", docs));
  const measured = Object.keys(figures).filter((name) => run.figures[name] !== undefined);
  const parts = [
    "# Benchmarks",
    intro,
    "## Conditions",
    conditions(run),
    clients(),
    noticed,
    "## Goals",
    goals(measured.map((name) => run.figures[name]!)),
    ...summary(run),
    ...measured.flatMap((name) => chapter(name, run, drawn)),
  ];
  await writeFile(new URL("benchmarks.md", docs), `${parts.join("\n\n")}\n`);
  console.log(`wrote docs/benchmarks.md and ${drawn.length} plots`);
}

function conditions({ at, node, cores, cpu, system, load }: Run): string {
  const kind = `${cores} cores (${cpu}), ${system}, Node ${node}`;
  return `${kind}. On ${at.slice(0, 10)}, load average ${load.toFixed(1)} at the start; other work may have shared the machine.`;
}

function clients(): string {
  const rows = peersAndStandby.map(({ name, packages, configured, transport }) => [
    name,
    transport,
    packages.map((each) => `${each} ${versionOf(each)}`).join(", "),
    configured,
  ]);
  return markdown({ head: ["client", "over", "version", "configured as its documentation advises"], rows }, false);
}

function goals(results: readonly Results[]): string {
  const rows = results.flatMap(({ sections, quick }) =>
    goalsOf(sections).map((goal) => [
      goal.what,
      goalText(goal),
      `${goal.met ? "holds" : "**missed**"}${quick === true ? ", in a quick run" : ""}`,
    ]),
  );
  return markdown({ head: ["goal", "measured", ""], rows }, false);
}

function summary(run: Run): string[] {
  const table = overview(run);
  return table === undefined ? [] : ["## At a glance", summaryText, markdown(table, true)];
}

const quickly =
  "*This is a quick run with few repetitions and with clients measured at the same time. Do not quote its figures.*";

function chapter(name: string, { figures: measured }: Run, drawn: readonly Plot[]): string[] {
  const { title, text } = scenarios[name] ?? { title: name, text: "" };
  const images = drawn
    .filter(({ figure }) => figure === name)
    .map((plot) => `![${plot.says}](benchmarks/${plot.name}.svg)`);
  const { quick, sections } = measured[name]!;
  const texts = [text, quick === true ? quickly : ""].filter((each) => each !== "");
  return [`## ${title}`, ...texts, ...images, ...sections.map(section)];
}

function section({ title, parts }: Section): string {
  const blocks: string[] = [];
  let list: string[] = [];
  const flush = (): void => {
    if (list.length > 0) blocks.push(list.join("\n"));
    list = [];
  };
  for (const part of parts) {
    if ("table" in part) {
      flush();
      blocks.push(markdown(part.table, true));
    } else if ("goal" in part)
      list.push(`- ${part.goal.met ? "Holds" : "**Missed**"}: ${part.goal.what}: ${goalText(part.goal)}`);
    else list.push(`- ${part.note}`);
  }
  flush();
  return [`**${title}**`, ...blocks].join("\n\n");
}

function markdown({ head, rows }: Table, numbers: boolean): string {
  const line = (cells: readonly string[]): string => `| ${head.map((_, at) => escape(cells[at] ?? "")).join(" | ")} |`;
  const rule = `|${head.map((_, at) => (numbers && at > 0 ? "---:" : "---")).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|");
}
