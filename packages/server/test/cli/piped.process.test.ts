import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { InferenceRecord } from "turnwire";
import { ResponsesServer } from "@turnwire/server";
import { lines, turnwire } from "./support/command.ts";

/** The lines after each turn that show how it went. */
function summaries(stdout: string): string[] {
  return stdout.split("\n").filter((line) => / bytes( ·|$)/.test(line));
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("turnwire chat with piped input", () => {
  it("holds a conversation with both tools, from the second turn on incrementally", async () => {
    const input = lines(
      "Hello, my name is Ada.",
      "What is 17 * 23?",
      "",
      "What time is it in Kathmandu?",
      "And my name?",
    );
    const { code, stdout, stderr } = await turnwire(["chat"], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^turnwire .* no OPENAI_API_KEY: talking to the embedded server/);
    expect(stdout).toContain("> What is 17 * 23?\n17 * 23 is 391.\nincremental · ");
    expect(stdout).toMatch(/> What time is it in Kathmandu\?\nThe time in Kathmandu is \d\d:\d\d\.\n/);
    const [first, ...later] = summaries(stdout);
    expect(first).toMatch(/^full \(the first request of the connection\) · [\d ]+ bytes · first text \d+ ms$/);
    expect(later).toHaveLength(3);
    for (const line of later) expect(line).toMatch(/^incremental · [\d ]+ of [\d ]+ bytes · first text \d+ ms/);
    expect(later[0]).toMatch(/ · calculate$/);
    expect(later[1]).toMatch(/ · current_time$/);
    expect(stdout).not.toContain("\u001b");
  });

  it("recovers from /drop, and says so", async () => {
    const { code, stdout } = await turnwire(["chat"], { input: lines("I live in Oslo.", "/drop", "Where do I live?") });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /> \/drop\nconnection cut[^\n]*\n\n> Where do I live\?\nconnection lost, reconnected\n.*Oslo/,
    );
    expect(summaries(stdout)[1]).toMatch(/^full /);
  });

  it("answers /stats, /context and /help, says so when a command is unknown, and leaves at /quit", async () => {
    const input = lines("What is 6 * 7?", "/stats", "/context", "/help", "/nonsense", "/quit", "Never said.");
    const { code, stdout } = await turnwire(["chat"], { input, keepOpen: true });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\n#  sent +items +bytes +of +first +total\n1  full +1 of 1 .* 1 call\n2  incremental +1 of 3 /,
    );
    expect(stdout).toContain(
      '\nassistant  calls calculate {"expression":"6 * 7"}\ntool       42\nassistant  6 * 7 is 42.\n',
    );
    expect(stdout).toContain("\n/drop     cut the connection");
    expect(stdout).toContain("There is no command /nonsense");
    expect(stdout).not.toContain("Never said");
  });

  it("talks HTTP with --http, each time with everything", async () => {
    const { code, stdout } = await turnwire(["chat", "--http"], { input: lines("Hello.", "What is 2 ^ 10?", "/drop") });
    expect(code).toBe(0);
    expect(stdout).toContain("2 ^ 10 is 1024.");
    expect(stdout).toContain("over HTTP there is no connection to cut");
    for (const line of summaries(stdout)) expect(line).toMatch(/^full \(HTTP keeps nothing\)/);
  });

  it("gives model, system instruction and key to the server that --base-url names", async () => {
    await using server = await ResponsesServer.start({ models: ["some-model"] });
    const args = ["chat", "--base-url", server.url, "--model", "some-model", "--system", "Be brief."];
    const { code, stdout } = await turnwire(args, { input: lines("Hello.") });
    expect(code).toBe(0);
    expect(stdout).toContain(`some-model at ${new URL(server.url).host} over WebSocket`);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ body: { model: "some-model", instructions: "Be brief." } });
  });

  it.each([[[]], [["--http"]]])("ends with one line when the server cannot be reached: %j", async (more) => {
    const args = ["chat", "--base-url", `http://127.0.0.1:${await closedPort()}/v1`, ...more];
    const ended = await turnwire(args, {
      input: lines("Hello.", "Again."),
      env: { OPENAI_API_KEY: "sk-test-1234567890" },
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^turnwire: [^\n]*; check the network, --base-url[^\n]*\n$/);
    expect(ended.stdout + ended.stderr).not.toContain("sk-test");
    expect(ended.stdout).not.toContain("Again.");
  });

  it("names the way out when the model does not exist", async () => {
    await using server = await ResponsesServer.start({ models: ["some-model"] });
    const ended = await turnwire(["chat", "--base-url", server.url], { input: lines("Hello.") });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^turnwire: [^\n]*gpt-4\.1[^\n]*--model\n$/);
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const input = lines("count to 9000", "count to 9000", "count to 9000");
    const { code, stderr } = await turnwire(["chat"], { input, keepOpen: true, readBytes: 200 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("prints one JSON object per line with --json", async () => {
    const input = lines("What is 17 * 23?", "/drop", "Hello.", "/stats", "/context", "/nonsense", "/help");
    const { code, stdout } = await turnwire(["chat", "--json"], { input });
    expect(code).toBe(0);
    const objects = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; record?: InferenceRecord });
    const expected =
      "session user record tool record assistant dropped user reconnected record assistant stats context notice help";
    expect(objects.map(({ type }) => type).join(" ")).toBe(expected);
    expect(objects).toContainEqual(expect.objectContaining({ type: "assistant", turn: 1, text: "17 * 23 is 391." }));
    expect(objects).toContainEqual(expect.objectContaining({ type: "tool", name: "calculate", output: "391" }));
    expect(objects.flatMap(({ record }) => record?.mode ?? [])).toEqual(["full", "incremental", "full"]);
  });

  it("prints a failed turn as JSON too", async () => {
    const args = ["chat", "--json", "--base-url", `http://127.0.0.1:${await closedPort()}/v1`];
    const { code, stdout, stderr } = await turnwire(args, { input: lines("Hello.") });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^turnwire: [^\n]+\n$/);
    const last = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as object;
    expect(last).toMatchObject({ type: "error", turn: 1, code: "connection_failed" });
  });
});
