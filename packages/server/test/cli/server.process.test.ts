import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { Response, ResponsesServerEvent } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { tableUnder } from "@turnwire/test-kit";
import { RawClient } from "../responses/support/raw-client.ts";
import { lines, turnwire } from "./support/command.ts";
import { ServerCommand, TemporaryDirectory } from "./support/server-command.ts";

const clientOf = ({ url }: { url: string }, apiKey = "none"): OpenAI =>
  new OpenAI({ apiKey, baseURL: url, maxRetries: 0 });

/** One turn over a socket of the `openai` package. */
async function turn(ws: ResponsesWS, fields: object): Promise<Response> {
  const ended = new Promise<Response>((resolve, reject) => {
    const listener = (event: ResponsesServerEvent): void => {
      if (event.type !== "response.completed") return;
      ws.off("event", listener);
      resolve(event.response);
    };
    ws.on("event", listener);
    ws.once("error", reject);
  });
  ws.send({ type: "response.create", model: "gpt-4.1", store: false, ...fields });
  return await ended;
}

const textOf = ({ output }: Pick<Response, "output">): string =>
  output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => ("text" in part ? part.text : ""))
    .join("");

describe("turnwire server", () => {
  it("prints its help, with every option it knows", async () => {
    const [{ code, stdout, stderr }, helped] = await Promise.all([
      turnwire(["server", "--help"]),
      turnwire(["help", "server"]),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(helped.stdout).toBe(stdout);
    const source = readFileSync(new URL("../../src/cli/server/options.ts", import.meta.url), "utf8");
    const known = [...source.matchAll(/^ {2}"?([\w-]+)"?: \{ type: "(?:string|boolean)"/gm)].map(([, name]) => name!);
    expect(known.length).toBeGreaterThan(20);
    expect(known.filter((name) => !new RegExp(`^  --${name}\\b`, "m").test(stdout))).toEqual([]);
    const documented = tableUnder("docs/server.md", "The command").map(([option]) => option!.replace("--", ""));
    expect(documented.toSorted()).toEqual(known.toSorted());
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it("says where it is, answers the openai package, shows a line for every turn, and ends with 0", async () => {
    await using server = await ServerCommand.start();
    expect(server.stdout).toMatch(
      /^turnwire [\d.]+ server · rules, no language model · dialect openai · no key is asked for\n/,
    );
    expect(server.stdout).toContain(`\nHTTP       ${server.url}\nWebSocket  ${server.wsURL}\n`);
    const client = clientOf(server);
    const created = await client.responses.create({ model: "gpt-4.1", input: "My name is Ada." });
    expect(created.output_text).toBe("Nice to meet you, Ada.");
    let streamed = "";
    for await (const event of await client.responses.create({ model: "gpt-4.1", input: "Count to 3.", stream: true })) {
      if (event.type === "response.output_text.delta") streamed += event.delta;
    }
    expect(streamed).toBe("1, 2, 3.");
    const ws = new ResponsesWS(client);
    const first = await turn(ws, { input: "My name is Ada.", stream_id: "left" });
    const second = await turn(ws, { input: "What is my name?", previous_response_id: first.id, stream_id: "left" });
    expect(textOf(second)).toContain("Ada");
    await expect(turn(ws, { input: "And?", previous_response_id: "resp_unknown" })).rejects.toThrow(/not found/);
    ws.close();
    await server.shows(/rejected/);
    const rows = server.stdout.split("\n").filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    expect(rows).toEqual([
      expect.stringMatching(/ http +gpt-4\.1 +full, 1 of 1 .* completed$/),
      expect.stringMatching(/ http +gpt-4\.1 +full, 1 of 1 .* completed$/),
      expect.stringMatching(/ 1\/left +gpt-4\.1 +full, 1 of 1 +5 +5 .* completed$/),
      expect.stringMatching(/ 1\/left +gpt-4\.1 +incremental, 1 of 3 +17 +12 .* completed$/),
      expect.stringMatching(/ 1 +gpt-4\.1 +incremental .* rejected previous_response_not_found$/),
    ]);
    const { code, signal, stdout, stderr } = await server.stop("SIGINT");
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(stdout).toMatch(/\nSIGINT: closing; once more to end at once\nclosed after 5 requests\n$/);
    expect(stdout).not.toContain("\u001b");
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("ends with 0 at %s, in the middle of a turn", async (name) => {
    await using server = await ServerCommand.start(["--json", "--timing", "firstTokenMs=60000"]);
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "Hello" });
    await client.until("response.in_progress");
    expect(await server.stop(name)).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(server.objects().slice(1)).toEqual([
      { type: "stopping", signal: name },
      expect.objectContaining({ type: "request", status: "cancelled" }),
      { type: "closed", requests: 1 },
    ]);
    expect(await client.closed).toMatchObject({ code: 1001 });
  });

  it("ends at once at a second signal, whatever its clients do", async () => {
    await using server = await ServerCommand.start();
    // The server would wait for a client that does not answer the close frame.
    const mute = connect(Number(new URL(server.url).port), "127.0.0.1").on("error", () => undefined);
    mute.write(
      "GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(mute, "data");
    const { code } = await server.stop("SIGINT", "SIGTERM");
    mute.destroy();
    expect([128 + 2, 128 + 15]).toContain(code);
  });

  it("takes a Ctrl-C that npx passes on for the one that the terminal has sent", async () => {
    await using server = await ServerCommand.start();
    expect(await server.stop("SIGINT", "SIGINT")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/closed after/),
    });
  });

  it("is what turnwire chat can talk to", async () => {
    await using server = await ServerCommand.start(["--json"]);
    const chat = ["chat", "--base-url", server.url, "--model", "turnwire-rules"];
    const { code, stdout } = await turnwire(chat, {
      input: lines("My name is Ada.", "What is 6 * 7?", "What is my name?"),
    });
    expect(code).toBe(0);
    expect(stdout).toContain("> What is 6 * 7?\n6 * 7 is 42.\n");
    expect(stdout).toContain("> What is my name?\nYour name is Ada.\n");
    await server.shows(`"type":"request"`, 4);
    expect(server.objects("request").map(({ mode }) => mode)).toEqual([
      "full",
      ...Array<string>(3).fill("incremental"),
    ]);
  });

  it("prints JSON lines with --json", async () => {
    await using server = await ServerCommand.start(["--json", "--faults", "--api-key", "k1", "--api-key", "k2"]);
    const { url, wsURL } = server;
    expect(server.objects()).toEqual([
      {
        type: "listening",
        version: expect.stringMatching(/^\d/),
        url,
        wsURL,
        faultsURL: url.replace("/v1", "/_turnwire/faults"),
        brain: "rules, no language model",
        dialect: "openai",
        keys: 2,
      },
    ]);
    await clientOf(server, "k2").responses.create({ model: "m", input: "Hello" });
    await server.stop();
    const [request] = server.objects("request");
    expect(request).toMatchObject({
      transport: "http",
      connection: null,
      model: "m",
      status: "completed",
      errorCode: null,
    });
    expect(Date.now() - Date.parse(String(request?.["receivedAt"]))).toBeLessThan(60_000);
    expect(server.objects().map(({ type }) => type)).toEqual(["listening", "request", "stopping", "closed"]);
  });

  it("serves on when nobody reads its output any more", async () => {
    await using server = await ServerCommand.start();
    server.closeOutput();
    for (let count = 0; count < 3; count += 1) {
      const { status } = await clientOf(server).responses.create({ model: "m", input: "Hello" });
      expect(status).toBe("completed");
    }
    expect(await server.stop()).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("where turnwire server writes", () => {
  it("appends to a log, which has nothing of what was said", async () => {
    using directory = new TemporaryDirectory();
    const log = directory.file("turns.jsonl");
    for (const model of ["first", "second"]) {
      await using server = await ServerCommand.start(["--log", log, "--api-key", "the-key-of-a-client"]);
      await clientOf(server, "the-key-of-a-client").responses.create({ model, input: "My name is Ada." });
      const { code, stdout } = await server.stop();
      expect(code).toBe(0);
      expect(stdout).toMatch(/ (?:first|second) +full, 1 of 1 /);
      expect(stdout).not.toContain("the-key-of-a-client");
    }
    const written = readFileSync(log, "utf8");
    const entries = written
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(entries).toMatchObject([
      { type: "request", model: "first", status: "completed" },
      { type: "request", model: "second", status: "completed" },
    ]);
    expect(written).not.toMatch(/Ada|the-key-of-a-client/);
  });

  it("writes the log to standard output with -, and what people read to standard error", async () => {
    await using server = await ServerCommand.start(["--log", "-"]);
    await clientOf(server).responses.create({ model: "m", input: "Hello" });
    const { stdout, stderr } = await server.stop();
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([{ type: "request", model: "m" }]);
    expect(stderr).toMatch(/ http +m +full, 1 of 1 /);
    expect(stderr).toContain("closed after 1 request\n");
  });

  it("keeps responses in a file that a restart does not touch", async () => {
    using directory = new TemporaryDirectory();
    const args = ["--store", directory.file("responses.db")];
    let id: string;
    {
      await using server = await ServerCommand.start(args);
      ({ id } = await clientOf(server).responses.create({ model: "gpt-4.1", input: "My name is Ada." }));
      expect((await server.stop()).code).toBe(0);
    }
    await using server = await ServerCommand.start(args);
    const client = clientOf(server);
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: "completed" });
    const input = "What is my name?";
    const next = await client.responses.create({ model: "gpt-4.1", input, previous_response_id: id });
    expect(next.output_text).toContain("Ada");
    const ws = new ResponsesWS(client);
    expect(textOf(await turn(ws, { input, previous_response_id: id }))).toContain("Ada");
    ws.close();
    expect((await server.stop()).stderr).toBe("");
  });
});

describe("what turnwire server does not start with", () => {
  it("a port that is in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const ended = await turnwire(["server", "--port", String(port)]);
    taken.close();
    expect(ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `turnwire: port ${port} is in use; choose another with --port, or --port 0 for any that is free\n`,
    });
  });

  it("an address of another machine", async () => {
    const { code, stderr } = await turnwire(["server", "--port", "0", "--host", "192.0.2.1"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "turnwire: 192.0.2.1 is no address of this machine; --host takes one that is\n",
    });
  });

  it("files that cannot be used", async () => {
    using directory = new TemporaryDirectory();
    const broken = directory.file("broken.json");
    const wrong = directory.file("wrong.json");
    // SQLite takes a file shorter than its own head for an empty one.
    writeFileSync(broken, "{".padEnd(4096));
    writeFileSync(wrong, JSON.stringify({ turns: [{ reply: [{ say: "Hello" }] }] }));
    const nowhere = directory.file("no/where");
    const cases: Array<[string[], string]> = [
      [["--script", nowhere], `--script ${nowhere}: the file ${nowhere} cannot be read (ENOENT)`],
      [["--script", broken], `--script ${broken}: the file ${broken} is not valid JSON`],
      [
        ["--brain", `script:${wrong}`],
        `--script ${wrong}: turns[0].reply[0].say: unknown field of a piece; the fields are text`,
      ],
      [["--record", nowhere], `--record ${nowhere}: the file ${nowhere} cannot be written (ENOENT)`],
      [["--store", nowhere], `--store ${nowhere}: unable to open database file`],
      [["--store", broken], `--store ${broken}: file is not a database`],
      [["--log", nowhere], `--log ${nowhere}: the file cannot be written (ENOENT)`],
    ];
    const all = await Promise.all(cases.map(async ([args]) => await turnwire(["server", "--port", "0", ...args])));
    expect(all.map(({ code, stdout }) => ({ code, stdout }))).toEqual(cases.map(() => ({ code: 1, stdout: "" })));
    for (const [index, { stderr }] of all.entries()) {
      expect(stderr).toMatch(/^turnwire: [^\n]*\n$/);
      expect(stderr).toContain(`turnwire: ${cases[index]?.[1]}`);
    }
  });

  it.each<[string[], string]>([
    [["--upstream", "http://user:secret@localhost/v1"], "credentials in the URL are not sent"],
  ])("wrong options: %j", async (args, problem) => {
    const { code, stdout, stderr } = await turnwire(["server", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^turnwire: [^\n]*turnwire server --help[^\n]*\n$/);
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain("secret");
  });
});
