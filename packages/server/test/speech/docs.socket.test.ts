import { expect, it } from "vitest";
import { SpeechServer, type SpeechFault } from "../../src/speech/index.ts";
import { fieldsOf, tableUnder } from "@turnwire/test-kit";

const document = "docs/speech-server.md";
const firstCells = (heading: string): string[] => tableUnder(document, heading).map(([cell]) => cell!);

it("docs/speech-server.md has every option and no other", () => {
  const fields = [
    ...fieldsOf("packages/server/src/speech/options.ts", "SpeechServerOptions"),
    ...fieldsOf("packages/server/src/speech/voices/open-voice.ts", "OpenVoiceOptions"),
  ];
  expect(firstCells("Options").toSorted()).toEqual(fields.toSorted());
});

it("docs/speech-server.md has every fault and its fields", async () => {
  await using server = await SpeechServer.start({ voice: "tones" });
  const refusal = (fault: object): string => {
    try {
      server.faults.add(fault as SpeechFault);
      return "";
    } catch (error) {
      return String(error);
    }
  };
  const kinds = [...refusal({ fault: "none" }).matchAll(/"([\w-]+)"/g)].map(([, kind]) => kind);
  expect(firstCells("Faults")).toEqual(kinds);
  const values = { status: 500, ms: 5, code: 1011, reason: "x" };
  for (const [fault, fields] of tableUnder(document, "Faults")) {
    const required = fault === "delay" || fault === "slow" ? { ms: 5 } : {};
    const taken = Object.entries(values).filter(
      ([name, value]) => refusal({ fault, ...required, [name]: value }) === "",
    );
    expect(taken.map(([name]) => name).join(", ")).toBe(fields);
  }
});
