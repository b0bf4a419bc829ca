import { expect, test } from "vitest";
import { dialects, ResponsesServer, type Fault } from "../../src/responses/index.ts";
import { fieldsOf, read, tableUnder } from "@turnwire/test-kit";

const cells = (path: string, heading: string, column = 0): string[] =>
  tableUnder(path, heading).map((row) => row[column] ?? "");

test("docs/server.md has every option and no other", () => {
  expect(cells("docs/server.md", "Options").toSorted()).toEqual(
    fieldsOf("packages/server/src/responses/options.ts", "ResponsesServerOptions").toSorted(),
  );
});

test("docs/server.md says of each dialect what it is", () => {
  const [header] = /^\| \| `openai` .*$/m.exec(read("docs/server.md")) ?? [""];
  const names = header
    .split("|")
    .map((cell) => cell.replaceAll("`", "").trim())
    .filter((cell) => cell !== "");
  expect(names.toSorted()).toEqual(Object.keys(dialects).toSorted());
  const shown = (field: string, value: unknown): string => {
    if (field === "maxConnectionAgeMs") return `${Number(value) / 60_000} min`;
    return field === "steering" ? ((value as string[])[0] ?? "none") : String(value);
  };
  for (const [index, name] of names.entries()) {
    const dialect = dialects[name as keyof typeof dialects];
    const told = tableUnder("docs/server.md", "Dialects").map((row) => [row[0], row[index + 1]]);
    expect(told).toEqual(Object.entries(dialect).map(([field, value]) => [field, shown(field, value)]));
  }
});

test("docs/faults.md has every kind with a section of its own, and every shape", async () => {
  const kinds = cells("docs/faults.md", "The kinds");
  for (const kind of kinds) expect(read("docs/faults.md")).toContain(`### \`${kind}\``);
  await using server = await ResponsesServer.start();
  const named = (fault: object): string[] => {
    try {
      server.faults.add(fault as Fault);
      return [];
    } catch (error) {
      return [...String(error).matchAll(/"([\w-]+)"/g)].map(([, name]) => name!);
    }
  };
  expect(kinds).toEqual(named({ fault: "no such" }));
  expect(named({ fault: "error", shape: "no such" })).toEqual(cells("docs/faults.md", "`error`"));
});
