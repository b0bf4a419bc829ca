import { request } from "node:http";
import { rmSync, writeFileSync } from "node:fs";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { ResponsesServer } from "@turnwire/server";
import { Aimock } from "../brains/support/aimock.ts";
import { last, RawClient } from "../responses/support/raw-client.ts";
import { ServerCommand, TemporaryDirectory } from "./support/server-command.ts";

const hello = { model: "gpt-4.1", input: "Hello" } as const;
const clientOf = ({ url }: { url: string }, apiKey = "none"): OpenAI =>
  new OpenAI({ apiKey, baseURL: url, maxRetries: 0 });

async function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(url, { headers }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

describe("options of turnwire server", () => {
  it("--api-key asks for one of the keys, over both transports, and never prints them", async () => {
    await using server = await ServerCommand.start(["--api-key", "key-one", "--api-key", "key-two"]);
    expect(server.stdout).toContain("one of 2 keys is asked for");
    await expect(clientOf(server).responses.create(hello)).rejects.toMatchObject({ status: 401 });
    for (const key of ["key-one", "key-two"]) {
      expect(await clientOf(server, key).responses.create(hello)).toMatchObject({ status: "completed" });
    }
    await expect(RawClient.connect(server.wsURL)).rejects.toThrow(/401/);
    await using client = await RawClient.connect(server.wsURL, { headers: { authorization: "Bearer key-two" } });
    expect(await client.respond({ input: "Hello" })).toMatchObject({ type: "response.completed" });
    const { stdout, stderr } = await server.stop();
    expect(stdout + stderr).not.toMatch(/key-one|key-two/);
  });

  it("--allow-host lets requests of another name in, and pages of it", async () => {
    await using server = await ServerCommand.start(["--allow-host", "box.example", "--allow-host", "two.example"]);
    const models = `${server.url}/models`;
    expect(await statusOf(models, { host: "two.example:80", origin: "https://box.example" })).toBe(200);
    expect(await statusOf(models, { host: "three.example" })).toBe(403);
    expect(await statusOf(models, { origin: "https://three.example" })).toBe(403);
  });

  it("--host warns where other machines get in without a key", async () => {
    await using server = await ServerCommand.start(["--host", "0.0.0.0"]);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    await server.shows("Whoever reaches 0.0.0.0 can use this server: --api-key asks for a key.\n");
    expect(await clientOf(server).responses.create(hello)).toMatchObject({ status: "completed" });
  });

  it("--dialect and --no-lanes change the protocol", async () => {
    await using xai = await ServerCommand.start(["--dialect", "xai"]);
    expect(xai.stdout).toContain("dialect xai");
    await using client = await RawClient.connect(xai.wsURL);
    client.create({ input: "Hello", previous_response_id: "resp_none" });
    expect(await client.next()).not.toHaveProperty("type");
    await using plain = await ServerCommand.start(["--no-lanes"]);
    await using other = await RawClient.connect(plain.wsURL);
    expect(await other.respond({ input: "Hello", stream_id: "left" })).not.toHaveProperty("stream_id");
  });

  it("--pace takes its time, and --cancel honour ends a response when it is asked to", async () => {
    await using server = await ServerCommand.start(["--pace", "--cancel", "honour", "--json"]);
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "Tell me a story." });
    const [created] = await client.until("response.output_text.delta");
    client.send({ type: "response.cancel", response_id: created?.response.id });
    expect(last(await client.answer()).response).toMatchObject({ status: "cancelled" });
    await server.shows(`"type":"request"`);
    const [entry] = server.objects("request");
    expect(entry).toMatchObject({ status: "cancelled" });
    expect(entry?.["firstOutputMs"]).toBeGreaterThan(140);
  });

  it("--timing waits before the first output, --tokenizer exact counts as the models do", async () => {
    const args = ["--timing", "firstTokenMs=120,jitter=0", "--tokenizer", "exact", "--json"];
    await using server = await ServerCommand.start(args);
    const input = "internationalization internationalization";
    const { usage } = await clientOf(server).responses.create({ model: "m", input });
    // The estimate would be 10.
    expect(usage?.input_tokens).toBe(4);
    await server.shows(`"type":"request"`);
    const [entry] = server.objects("request");
    expect(entry?.["firstOutputMs"]).toBeGreaterThan(115);
  });

  it("--faults lets this machine ask for faults; without it nobody can", async () => {
    await using server = await ServerCommand.start(["--faults"]);
    const control = server.url.replace("/v1", "/_turnwire/faults");
    expect(server.stdout).toContain(`\nfaults     ${control}\n`);
    const fault = { fault: "error", status: 503, code: "server_is_overloaded", transport: "http" };
    const asked = await fetch(control, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fault),
    });
    expect(asked.status).toBe(200);
    await expect(clientOf(server).responses.create(hello)).rejects.toMatchObject({ status: 503 });
    expect(await clientOf(server).responses.create(hello)).toMatchObject({ status: "completed" });
    await using closed = await ServerCommand.start();
    expect((await fetch(closed.url.replace("/v1", "/_turnwire/faults"))).status).toBe(404);
  });
});

describe("brains of turnwire server", () => {
  it("a script", async () => {
    using directory = new TemporaryDirectory();
    const file = directory.file("script.json");
    const turns = [{ when: { user: { pattern: "weather" } }, reply: "It is sunny." }];
    writeFileSync(file, JSON.stringify({ turns, fallback: { error: { status: 429, message: "No.", code: "busy" } } }));
    await using server = await ServerCommand.start(["--brain", `script:${file}`]);
    expect(server.stdout).toContain(`server · script ${file} · `);
    const { output_text } = await clientOf(server).responses.create({ model: "m", input: "The weather?" });
    expect(output_text).toBe("It is sunny.");
    await expect(clientOf(server).responses.create(hello)).rejects.toMatchObject({ status: 429 });
    await server.shows(/ rejected busy\n/);
  });

  it("a Chat Completions server, recorded, and the recording played", async () => {
    using directory = new TemporaryDirectory();
    const file = directory.file("recorded.json");
    await using upstream = await Aimock.start();
    upstream.mock.onToolResult("call_1", { content: "It is sunny in Paris." });
    upstream.mock.onMessage("What is the weather in Paris?", {
      toolCalls: [{ name: "get_weather", arguments: '{"city":"Paris"}', id: "call_1" }],
    });
    const key = "sk-upstream-1234567890";
    const args = ["--upstream", upstream.url, "--upstream-model", "qwen3", "--record", file];
    const live = await ServerCommand.start(args, {
      TURNWIRE_UPSTREAM_KEY: key,
      OPENAI_API_KEY: "sk-another-key-12345",
    });
    const first = await converse(live);
    expect(first).toEqual(['get_weather {"city":"Paris"}', "It is sunny in Paris."]);
    const host = new URL(upstream.url).host;
    expect(live.stdout).toContain(`server · qwen3 at ${host} over Chat Completions, recorded in ${file} · `);
    expect(upstream.requests.map(({ headers }) => headers["authorization"])).toEqual([
      `Bearer ${key}`,
      `Bearer ${key}`,
    ]);
    expect(upstream.lastBody).toMatchObject({ model: "qwen3" });
    const { code, stdout, stderr } = await live.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain(key);
    await using replayed = await ServerCommand.start(["--script", file]);
    expect(await converse(replayed)).toEqual(first);
  });

  it("a Responses server, with a key; a refused key is the client's 401 and no more is told", async () => {
    await using upstream = await ResponsesServer.start({ apiKeys: ["upstream-secret"] });
    const args = ["--upstream", upstream.url, "--upstream-api", "responses", "--upstream-key"];
    await using server = await ServerCommand.start([...args, "upstream-secret"]);
    expect(server.stdout).toContain(" over Responses · ");
    const { output_text } = await clientOf(server).responses.create({ model: "m", input: "My name is Ada." });
    expect(output_text).toBe("Nice to meet you, Ada.");
    await using wrong = await ServerCommand.start([...args, "wrong-secret"]);
    await expect(clientOf(wrong).responses.create(hello)).rejects.toMatchObject({ status: 401 });
    await wrong.shows(/ failed invalid_api_key\n/);
    for (const { stdout, stderr } of [await server.stop(), await wrong.stop()]) {
      expect(stdout + stderr).not.toMatch(/upstream-secret|wrong-secret/);
    }
  });

  it("one that fails: what happened is told here, not to the client", async () => {
    using directory = new TemporaryDirectory();
    await using server = await ServerCommand.start(["--record", directory.file("recorded.json")]);
    rmSync(directory.path, { recursive: true });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "Hello" });
    expect(last(await client.answer()).response.error).toMatchObject({ code: "server_error" });
    await server.shows(/the brain failed: ENOENT: [^\n]*; the client was told server_error\n/);
  });
});

/** A question, a function call and its answer. */
async function converse({ wsURL }: { wsURL: string }): Promise<string[]> {
  await using client = await RawClient.connect(wsURL);
  const tools = [
    { type: "function", name: "get_weather", parameters: { type: "object", properties: {} }, strict: false },
  ];
  const asked = (await client.respond({ input: "What is the weather in Paris?", tools })).response;
  const [call] = asked.output;
  const output = { type: "function_call_output", call_id: call?.call_id, output: "sunny" };
  const told = (await client.respond({ input: [output], previous_response_id: asked.id, tools })).response;
  return [`${call?.name} ${call?.arguments}`, told.output[0]?.content[0]?.text ?? ""];
}
