/** The public names of every entry of the packages. A new name is a decision: `vitest run test/names -u` writes it down. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const entries = {
  turnwire: "packages/turnwire/src/index.ts",
  "turnwire/provider": "packages/turnwire/src/provider.ts",
  "@turnwire/voice": "packages/voice/src/index.ts",
  "@turnwire/server": "packages/server/src/index.ts",
  "@turnwire/server/speech": "packages/server/src/speech/index.ts",
} as const;

/** The exports of an entry by name: `Name`, or `type Name`; a star takes all that the room's entry exports. */
function namesIn(path: string): string[] {
  const source = readFileSync(path, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const names: string[] = [];
  for (const [, type, list] of source.matchAll(/export (type )?\{([^}]*)\}/g)) {
    const listed = list!.split(",").map((name) => name.trim());
    names.push(...listed.filter((name) => name !== "").map((name) => (type === undefined ? name : `type ${name}`)));
  }
  for (const [, name] of source.matchAll(/export \* as (\w+)/g)) names.push(name!);
  for (const [, from] of source.matchAll(/export \* from "(.+?)"/g)) {
    names.push(...namesIn(new URL(from!, `file:///${path}`).pathname.slice(1)));
  }
  for (const [, name] of source.matchAll(/export (?:abstract )?(?:class|function|const|async function) (\w+)/g)) {
    names.push(name!);
  }
  return names.toSorted((a, b) => bare(a).localeCompare(bare(b), "en"));
}

function bare(name: string): string {
  return name.replace(/^type /, "");
}

describe.each(Object.entries(entries))("%s", (entry, path) => {
  const names = namesIn(path);

  it("has the names that were decided", async () => {
    const file = `${entry.replaceAll(/[@/]+/g, "-").replace(/^-/, "")}.txt`;
    await expect(`${names.join("\n")}\n`).toMatchFileSnapshot(`./${file}`);
  });

  it("has each once, and exports what is no type", async () => {
    expect(new Set(names).size).toBe(names.length);
    const exported = Object.keys((await import(new URL(`../../${path}`, import.meta.url).href)) as object);
    const values = names.filter((name) => !name.startsWith("type ")).map((name) => name.split(" as ").at(-1)!);
    expect(values.toSorted()).toEqual(exported.toSorted());
  });
});

it("the root has few enough names to read", () => {
  expect(namesIn(entries.turnwire).length).toBeLessThan(100);
});
