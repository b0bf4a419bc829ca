import { type Brain, ResponsesServer, rulesBrain } from "turnwire/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

let server: ResponsesServer;
let printed: string;

/** Runs an example as a user would, with a server that needs no key in the place of OpenAI's. */
async function run(name: string, brain: Brain = rulesBrain()): Promise<void> {
  server = await ResponsesServer.start({ brain, cancel: "honour" });
  vi.stubEnv("OPENAI_BASE_URL", server.url);
  vi.stubEnv("OPENAI_API_KEY", "none");
  await import(`../../examples/${name}.ts`);
}

beforeEach(() => {
  printed = "";
  vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    printed += `${values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ")}\n`;
  });
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.close();
});

describe("the example", () => {
  it("direct", async () => {
    await run("direct");
    expect(printed).toMatch(/What is my name\?\n\(incremental: \d+ of \d+ bytes\)\n.*Ada/);
    expect(printed).toMatch(/where do I live\?\n\(incremental: .*\n.*Lisbon/);
    await vi.waitFor(() => expect(server.connections).toEqual([]));
  });

  it("interruption", async () => {
    await run("interruption");
    expect(printed).toMatch(/kept: .*assistant/);
    expect(printed).toMatch(/name is Ada/);
  });

  it("tools", async () => {
    await run("tools");
    expect(printed).toMatch(/\(get_weather .*Lisbon/);
    expect(printed).toMatch(/\(get_weather .*Oslo/);
    expect(printed).toMatch(/sunny/);
    expect(printed).toMatch(/rain/);
  });

  it("pipeline", async () => {
    await run("pipeline");
    expect(printed).toMatch(/> What is my name\?\n.*Ada/);
  });

  it("structured", async () => {
    await run("structured", function* ({ text }) {
      const format = text?.format;
      yield { type: "text", delta: format?.type === "json_schema" ? '{"name":"Ada","city":"Lisbon"}' : "no schema" };
    });
    expect(printed).toBe("Ada lives in Lisbon.\n");
  });
});
