import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { readSpeechOptions } from "../../src/cli/speech/options.ts";
import { type ShownEvent, speechText } from "../../src/cli/speech/speech-text.ts";
import { plainStyle } from "../../src/cli/shared/style.ts";
import { UsageError } from "../../src/cli/shared/read-args.ts";
import { tableUnder } from "@turnwire/test-kit";
import { quiet, SpeechClient, transcriptOf } from "../speech/support/speech-client.ts";
import { turnwire } from "./support/command.ts";
import { RunningCommand } from "./support/running-command.ts";
import { TemporaryDirectory } from "./support/server-command.ts";

/** `turnwire speech` as a process, on a free port. */
class SpeechCommand extends RunningCommand {
  url = "";

  static async start(args: readonly string[] = []): Promise<SpeechCommand> {
    const command = new SpeechCommand(["speech", "--port", "0", "--voice", "tones", ...args]);
    const url = await command.until(() => /\bws:\/\/[\d.]+:\d+(?=["\s])/.exec(command.stdout)?.[0]);
    return Object.assign(command, { url });
  }
}

const listenQuery = "encoding=linear16&sample_rate=16000&endpointing=100&model=nova-3";
const hello = [{ word: "Hello,", startMs: 0, endMs: 200 }];
const ada = [{ word: "Ada.", startMs: 0, endMs: 200 }];

async function heard(url: string, headers?: Record<string, string>): Promise<string> {
  await using client = await SpeechClient.connect(`${url}/v1/listen?${listenQuery}`, headers);
  client.send(quiet(400));
  const transcript = transcriptOf(await client.message());
  client.send({ type: "CloseStream" });
  await client.closed;
  return transcript;
}

describe("turnwire speech", () => {
  it("prints its help, which says what it is, with every option it knows", async () => {
    const [{ code, stdout, stderr }, helped] = await Promise.all([
      turnwire(["speech", "--help"]),
      turnwire(["help", "speech"]),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(helped.stdout).toBe(stdout);
    expect(stdout).toMatch(/It is no\nspeech service\./);
    const source = readFileSync(new URL("../../src/cli/speech/options.ts", import.meta.url), "utf8");
    const known = [...source.matchAll(/^ {2}"?([\w-]+)"?: \{ type: "(?:string|boolean)"/gm)].map(([, name]) => name!);
    expect(known).toHaveLength(9);
    expect(known.filter((name) => !new RegExp(`^  --${name}\\b`, "m").test(stdout))).toEqual([]);
    const documented = tableUnder("docs/speech-server.md", "The command").map(([option]) => option!.replace("--", ""));
    expect(documented.toSorted()).toEqual(known.toSorted());
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it("says where it is and how to use it, shows what happens without what is said, and ends with 0", async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("script.json"), JSON.stringify({ connections: [hello, ada] }));
    await using command = await SpeechCommand.start(["--script", directory.file("script.json")]);
    expect(command.stdout).toMatch(
      /^turnwire [\d.]+ speech · no speech service · speaks in tones, one for each word · hears only the 2 words of its script · any key will do\n/,
    );
    expect(command.stdout).toContain(`\nlisten  ${command.url}/v1/listen\nspeak   ${command.url}/v1/speak\n`);
    expect(command.stdout).toContain(`\nuse     DEEPGRAM_BASE_URL=${command.url} DEEPGRAM_API_KEY=none\n`);
    // One script for each connection; the last also serves later ones.
    expect([await heard(command.url), await heard(command.url), await heard(command.url)]).toEqual([
      "hello",
      "ada",
      "ada",
    ]);
    await using client = await SpeechClient.connect(`${command.url}/v1/speak?model=aura-2-thalia-en`);
    client.send({ type: "Speak", text: "Nobody may read this." });
    client.send({ type: "Flush" });
    await client.until("Flushed");
    client.send(new Uint8Array(1));
    await client.closed;
    await SpeechClient.refused(`${command.url}/v1/speak?encoding=opus`);
    await command.shows(/refused/);
    const { code, signal, stdout, stderr } = await command.stop("SIGINT");
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(stdout).toMatch(/\nSIGINT: closing; once more to end at once\nclosed after 4 connections\n$/);
    expect(stdout).not.toMatch(/nobody may|hello|ada\b/i);
    const rows = stdout.split("\n").filter((line) => /^\d\d:\d\d:\d\d /.test(line));
    expect(
      rows
        .slice(0, 3)
        .concat(rows.slice(9))
        .map((row) => row.slice(10)),
    ).toEqual([
      "listen 1    opened, nova-3",
      "listen 1    heard 1 word from 0 ms to 300 ms, end of speech",
      expect.stringMatching(/^listen 1 {4}closed 1000 after [\d.]+ m?s, 400 ms of audio$/),
      "speak 1     opened, aura-2-thalia-en",
      "speak 1     spoke 21 characters: 1.4 s",
      expect.stringMatching(/^speak 1 {5}closed 1003 MESSAGE-0000 after [\d.]+ m?s, 1.4 s of audio$/),
      "/v1/speak   refused 400 UNSUPPORTED_AUDIO_FORMAT",
    ]);
  });

  it("prints JSON lines with --json, and asks for a key with --api-key", async () => {
    using directory = new TemporaryDirectory();
    writeFileSync(directory.file("script.json"), JSON.stringify(hello));
    const script = ["--script", directory.file("script.json")];
    await using command = await SpeechCommand.start([...script, "--json", "--pace", "--api-key", "right"]);
    expect(command.objects()).toEqual([
      {
        type: "listening",
        version: expect.any(String) as string,
        url: command.url,
        listenURL: `${command.url}/v1/listen`,
        speakURL: `${command.url}/v1/speak`,
        voice: "tones",
        words: 1,
        keys: 1,
      },
    ]);
    expect((await SpeechClient.refused(`${command.url}/v1/speak`)).status).toBe(401);
    const started = performance.now();
    expect(await heard(command.url, { authorization: "Token right" })).toBe("hello");
    expect(performance.now() - started).toBeGreaterThan(145);
    await command.shows('"type":"closed"');
    expect(await command.stop("SIGTERM")).toMatchObject({ code: 0, stderr: "" });
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(command.objects().slice(1)).toEqual([
      { type: "refused", at, path: "/v1/speak", status: 401, code: "INVALID_AUTH" },
      { type: "opened", at, path: "listen", connection: 1, model: "nova-3" },
      { type: "heard", at, connection: 1, words: 1, startMs: 0, endMs: 300, speechFinal: true, fromFinalize: false },
      expect.objectContaining({ type: "closed", path: "listen", connection: 1, code: 1000, audioMs: 400 }),
      { type: "stopping", signal: "SIGTERM" },
      { type: "stopped", connections: 1 },
    ]);
    expect(command.stdout).not.toContain("right");
  });

  it("says why it cannot start, and what to do", async () => {
    using directory = new TemporaryDirectory();
    const written = (name: string, text: string): string => {
      writeFileSync(directory.file(name), text);
      return directory.file(name);
    };
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const { port } = busy.address() as AddressInfo;
    const failing: Array<[string[], RegExp]> = [
      [["--port", String(port)], /^turnwire: port \d+ is in use; choose another with --port/],
      [["--script", directory.file("none.json")], /--script \S+none\.json: the file cannot be read \(ENOENT\)\n$/],
      [["--script", written("odd.json", "{")], /--script \S+odd\.json: the file is no JSON\n$/],
      [
        ["--script", written("bad.json", '{"connections":[[],[{"word":"a","startMs":5,"endMs":2}]]}')],
        /bad\.json: connections\[1\]\[0\]\.endMs: expected more than startMs, got the number 2\n$/,
      ],
      [["--script", written("text.json", '"words"')], /text\.json: words: expected a list of words, got a string\n$/],
    ];
    const ends = await Promise.all(
      failing.map(([args]) => turnwire(["speech", "--port", "0", "--voice", "tones", ...args])),
    );
    busy.close();
    for (const [index, { code, stdout, stderr }] of ends.entries()) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(failing[index]![1]);
    }
    expect((await turnwire(["speech", "--voice", "loud"])).code).toBe(2);
  });
});

describe("the options of turnwire speech", () => {
  it.each<[string[], string]>([
    [["--voice", "loud"], "--voice is one of auto, espeak, tones"],
    [["--port", "65536"], "--port is not a number from 0 to 65535"],
    [["--script", " "], "--script is empty"],
    [["--api-key", "one", "--api-key", ""], "--api-key is empty"],
    [["secret"], "there is an argument that belongs to no option"],
    [["--loud"], "unknown option '--loud'"],
  ])("are refused when they cannot be: %j", (args, problem) => {
    expect(() => readSpeechOptions(args)).toThrow(UsageError);
    expect(() => readSpeechOptions(args)).toThrow(problem);
  });
});

describe("the text view", () => {
  it("prints nothing that could do something to a terminal", () => {
    const at = "2026-03-04T05:06:07.500Z";
    const reason = "\u001b]0;x\u0007";
    const events: ShownEvent[] = [
      { type: "opened", at, path: "speak", connection: 1, model: "\u001b[2Jevil" },
      { type: "closed", at, path: "speak", connection: 1, code: 4000, reason, audioMs: 0, durationMs: 5 },
      { type: "spoken", at, connection: 2, characters: 1, sentMs: 20, audioMs: 400, cutShort: true },
      { type: "refused", at, path: "/\u001b", status: 404, code: "NOT_FOUND" },
    ];
    expect(events.map((event) => speechText(event, true, plainStyle))).toEqual([
      "05:06:07  speak 1     opened, [2Jevil",
      "05:06:07  speak 1     closed 4000 ]0;x after 5 ms, 0 ms of audio",
      "05:06:07  speak 2     spoke 1 character: cut short after 20 ms of 400 ms",
      "05:06:07  /           refused 404 NOT_FOUND",
    ]);
  });
});
