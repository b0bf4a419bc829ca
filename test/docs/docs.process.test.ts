import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { ResponsesServer } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { packages } from "../../scripts/map.ts";
import { anchorsOf, blocksOf, documents, fieldsOf, linksOf, read, root, source, tableUnder } from "@turnwire/test-kit";
import { Workshop } from "./programs.ts";

const blocks = documents().flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language === "js");

describe("code in the documents", () => {
  it("type-checks", async () => {
    using workshop = new Workshop();
    const checked = blocks.filter(({ language }) => language === "ts");
    expect(checked.length).toBeGreaterThan(10);
    expect(await workshop.typeCheck(checked)).toBe("");
  }, 60_000);

  it.each(programs.map((block) => ({ ...block, where: `${block.path}:${block.line}` })))(
    "runs: $where",
    async (block) => {
      using workshop = new Workshop();
      await using server = await ResponsesServer.start({ cancel: "honour" });
      const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "none" };
      const { code, out } = await workshop.runProgram(block, env);
      // The programs in the documents introduce Ada: the answer says her name again.
      const answer = block.code.includes("Ada") ? "Ada" : "";
      expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(answer) });
    },
    60_000,
  );
});

describe("links", () => {
  it.each(documents())("of $path lead somewhere", (document) => {
    const dead = linksOf(document).filter((link) => {
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? document.path : normalize(join(dirname(document.path), file));
      if (!existsSync(root + path)) return true;
      return anchor !== undefined && !anchorsOf(read(path)).has(anchor);
    });
    expect(dead).toEqual([]);
  });
});

describe("the tables", () => {
  const firstCells = (path: string, heading: string): string[] => tableUnder(path, heading).map(([cell]) => cell!);

  it.each([
    ["docs/inference-record.md", "Fields", ["InferenceRecord"]],
    ["docs/inference-record.md", "Times", ["InferenceTimes"]],
    ["docs/guide.md", "Settings", ["OpenAIResponsesLLMSettings"]],
    ["docs/guide.md", "Events", ["LLMServiceEvents", "ReconnectingWebsocketEvents"]],
    [
      "docs/guide.md",
      "Time limits",
      ["OpenAIResponsesTimeouts", "OpenAIResponsesLLMTimeouts", "LLMTimeouts", "ConnectionTimeouts"],
    ],
    [
      "docs/guide.md",
      "Options",
      [
        "EndpointOptions",
        "OpenAIResponsesOptions",
        "OpenAIResponsesLLMServiceOptions",
        "WebsocketLLMServiceOptions",
        "LLMServiceOptions",
        "AIServiceOptions",
        "FrameProcessorOptions",
        "ReconnectingWebsocketOptions",
      ],
    ],
  ] as const)("%s, %s: has every field of the source and no other", (path, heading, interfaces) => {
    const fields = new Set(interfaces.flatMap((name) => fieldsOf("packages/turnwire/src", name)));
    expect(firstCells(path, heading).toSorted()).toEqual([...fields].toSorted());
  });

  it("has every error class and code of the source and no other", () => {
    const errors = read("packages/turnwire/src/errors.ts");
    const [, union] = /export type TurnwireErrorCode =(.*?);/s.exec(errors) ?? [];
    const codes = [...union!.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
    const classes = [...errors.matchAll(/^export class (\w+)/gm)].map(([, name]) => name!);
    const rows = tableUnder("docs/interruption.md", "Error classes");
    expect(rows.map(([, code]) => code!).toSorted()).toEqual(codes.toSorted());
    expect([...new Set(rows.map(([name]) => name!))].toSorted()).toEqual(classes.toSorted());
  });

  it("docs/interruption.md, Other codes: has only what the source says", () => {
    const said = ["openai", "llm"].map((room) => source(`packages/turnwire/src/${room}`)).join("\n");
    expect(firstCells("docs/interruption.md", "Other codes").filter((cell) => !said.includes(cell))).toEqual([]);
  });

  it("docs/continuation.md has every reason of the source and no other", () => {
    const reasons = read("packages/turnwire/src/llm/reasons.ts");
    const ids = [...reasons.matchAll(/\| "([\w-]+)"/g)].map(([, id]) => id!);
    expect(firstCells("docs/continuation.md", "When a turn is full, and why").toSorted()).toEqual(ids.toSorted());
  });

  it.each(Object.entries(packages))(
    "docs/architecture.md, %s: has the rooms of the map, in their order",
    (name, { rooms }) => {
      expect(firstCells("docs/architecture.md", name)).toEqual(rooms);
    },
  );
});
