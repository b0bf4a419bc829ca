import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A document of the repository. `path` is relative to the root. */
export interface Document {
  path: string;
  text: string;
}

/** A fenced block of code. `line` is the number of its first line, from 1. */
export interface Block {
  path: string;
  line: number;
  language: string;
  code: string;
}

export function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

/** The text of a source file, or of all source files below a folder. */
export function source(path: string): string {
  if (path.endsWith(".ts")) return read(path);
  const names = readdirSync(root + path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.map((name) => read(`${path}/${name}`)).join("\n");
}

export function documents(): Document[] {
  const inDocs = readdirSync(`${root}docs`).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...inDocs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: read(path) }));
}

const fence = /^(`{3,})(\w*)[^\n]*\n(.*?)^\1$/gms;

export function blocksOf({ path, text }: Document): Block[] {
  return [...text.matchAll(fence)].map(({ index, 2: language = "", 3: code = "" }) => {
    return { path, line: text.slice(0, index).split("\n").length + 1, language, code };
  });
}

/** The links of a document into the repository: to a file, a heading, or both. */
export function linksOf({ text }: Document): string[] {
  const prose = text.replace(fence, "").replace(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? match[2]!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives a document's headings. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(fence, "").matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The rows of the first table under a heading, without the head: cells without backticks. */
export function tableUnder(path: string, heading: string): string[][] {
  const lines = read(path).split("\n");
  const start = lines.findIndex((line) => line.startsWith("#") && line.replace(/^#+ +/, "") === heading);
  if (start === -1) throw new Error(`${path} has no heading "${heading}"`);
  const from = lines.findIndex((line, index) => index > start && line.startsWith("|"));
  const to = lines.findIndex((line, index) => index > from && !line.startsWith("|"));
  const rows = lines.slice(from + 2, to === -1 ? undefined : to);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}

/** The names of an interface's own fields. `path` is its source file, or a folder that contains the file at any depth. */
export function fieldsOf(path: string, name: string): string[] {
  const [, body] = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(source(path)) ?? [];
  if (body === undefined) throw new Error(`${path} has no interface ${name}`);
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field!);
}
