import { expect, test } from "vitest";
import { clientMessageTypes, closeCodes } from "../../src/transports/websocket/protocol.ts";
import { fieldsOf, read, tableUnder } from "@turnwire/test-kit";

const document = "docs/transports.md";
/** The first cells of a table; one may name several. */
const names = (heading: string): string[] => tableUnder(document, heading).flatMap(([cell = ""]) => cell.split(", "));

test.each<[string, Array<[file: string, name: string]>]>([
  [
    "Options of an output",
    [
      ["output-transport.ts", "OutputTransportOptions"],
      ["pacer.ts", "PacerOptions"],
      ["packages/voice/src/checks.ts", "ProcessorOptions"],
      ["packages/turnwire/src/pipeline/frame-processor.ts", "FrameProcessorOptions"],
    ],
  ],
  ["Events of an output", [["output-transport.ts", "OutputTransportEvents"]]],
  ["Stats", [["pacer.ts", "OutputTransportStats"]]],
  ["Options", [["websocket/server/server-options.ts", "WebsocketServerTransportOptions"]]],
  [
    "Files and pipes",
    [
      ["file/file-input.ts", "FileInputOptions"],
      ["input-transport.ts", "InputTransportOptions"],
      ["packages/voice/src/checks.ts", "ProcessorOptions"],
      ["packages/turnwire/src/pipeline/frame-processor.ts", "FrameProcessorOptions"],
    ],
  ],
])("%s: has every field of the source and no other", (heading, interfaces) => {
  const fields = interfaces.flatMap(([file, name]) =>
    fieldsOf(file.startsWith("packages/") ? file : `packages/voice/src/transports/${file}`, name),
  );
  expect(names(heading).toSorted()).toEqual([...new Set(fields)].toSorted());
});

test("has every message, with its fields", () => {
  const source = read("packages/voice/src/transports/websocket/protocol.ts");
  const [, union = ""] = /export type ServerMessage =(.*?);\n\n/s.exec(source) ?? [];
  const sent = [...union.matchAll(/\{ type: "([\w-]+)"(.*?) \}/g)].map(([, type, rest = ""]) => [
    type,
    [...rest.matchAll(/(\w+):/g)].map(([, field]) => field).join(", "),
  ]);
  expect(tableUnder(document, "From the server").map(([type, fields]) => [type, fields])).toEqual(sent);
  expect(names("From the client")).toEqual(clientMessageTypes);
});

test("has every close code", () => {
  expect(names("Close codes").map(Number)).toEqual(Object.values(closeCodes));
});

test("names every event of a client", () => {
  const events = fieldsOf(
    "packages/voice/src/transports/websocket/client/websocket-transport.ts",
    "WebsocketTransportEvents",
  );
  const [, told = ""] = /`client\.on\(…\)` has\s+the\s+events (.*?)\./s.exec(read(document)) ?? [];
  expect([...told.matchAll(/`(\w+)`/g)].map(([, event]) => event)).toEqual(events);
});
