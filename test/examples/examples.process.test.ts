import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Brain, ResponsesServer, rulesBrain } from "@turnwire/server";
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

  it("voice", { timeout: 60_000 }, async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    vi.stubEnv("DEEPGRAM_API_KEY", "");
    const out = join(mkdtempSync(join(tmpdir(), "turnwire-voice-")), "bot.wav");
    vi.spyOn(process, "argv", "get").mockReturnValue(["node", "voice.ts", "--out", out]);
    await import("../../examples/voice.ts");
    // The context holds what was heard: whole words of the reply, and not all of them.
    const reply = /assistant: "(The sea covers .*)"/.exec(printed)![1]!;
    expect("The sea covers most of the earth. It is deep and salty and full of life. Rivers end in it, ").toContain(
      `${reply} `,
    );
    expect(printed).toMatch(/user: "Wait, what is my name\?"\nassistant: "I do not know it yet\. Will you tell me\?"/);
    expect(printed).toMatch(/interrupted after \d\.\d s of speech/);
    expect(printed).toMatch(/the bot fell silent -?\d+ ms after the user began to speak/);
    // The next reply did not wait for the rest of the one before.
    const waits = [...printed.matchAll(/the model: full, waited (\d+) ms/g)].map(([, ms]) => Number(ms));
    expect(waits).toHaveLength(2);
    expect(waits[1]).toBeLessThan(50);
    const waterfalls = printed.split("\nturn ").slice(1);
    expect(waterfalls).toHaveLength(2);
    for (const waterfall of waterfalls) {
      const times = [...waterfall.matchAll(/^(?:voice )?→ .* (\d+) ms/gm)].map(([, ms]) => Number(ms));
      const total = Number(/^total +(\d+) ms/m.exec(waterfall)![1]);
      // Each is rounded.
      expect(Math.abs(total - times.reduce((sum, ms) => sum + ms, 0))).toBeLessThanOrEqual(times.length);
    }
  });
});
