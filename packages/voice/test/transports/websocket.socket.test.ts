import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import {
  rms,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  OutputAudioRawFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "turnwire/internal";
import { EndFrame, TranscriptionFrame } from "turnwire";
import { PipelineTask } from "turnwire";
import { type VerifyClient, type WebsocketServerTransportOptions } from "../../src/transports/index.ts";
import { until, sine } from "@turnwire/test-kit";
import { speech, words } from "./support.ts";
import { refusal, VoiceClient } from "./voice-client.ts";
import { Desk, type Session } from "./websocket-support.ts";

// The messages are those of docs/transports.md.

describe("hello", () => {
  it("is answered with the formats: the client's, and the server's where it says none", async () => {
    await using desk = await Desk.open({ input: { sampleRate: 16_000 }, output: { sampleRate: 22_050 } });
    await using plain = await VoiceClient.connect(desk.url);
    plain.send('{"type":"hello","version":1}');
    expect(await plain.next()).toEqual({
      type: "hello",
      version: 1,
      input: { sampleRate: 16_000, channels: 1 },
      output: { sampleRate: 22_050, channels: 1 },
    });
    await using other = await VoiceClient.connect(desk.url);
    other.send('{"type":"hello","version":1,"input":{"sampleRate":48000,"channels":2},"output":{"sampleRate":8000}}');
    expect(await other.next()).toEqual({
      type: "hello",
      version: 1,
      input: { sampleRate: 48_000, channels: 2 },
      output: { sampleRate: 8000, channels: 1 },
    });
  });

  it.each([
    ["no JSON", "hello", 1007, "message", "message: expected JSON"],
    ["no object", "[1]", 1007, "message", "message: expected a JSON object, got an array of 1"],
    ["something else", '{"type":"text","text":"hi"}', 1008, "type", "type: expected hello in the first message"],
    ["audio", new Uint8Array(4), 1008, "message", "message: expected a hello before audio"],
    [
      "no version",
      '{"type":"hello"}',
      1008,
      "version",
      "version: expected a whole number of at least 1, got undefined",
    ],
    ["another version", '{"type":"hello","version":2}', 1008, "version", "version: expected 1, got the number 2"],
    [
      "an impossible rate",
      '{"type":"hello","version":1,"input":{"sampleRate":7}}',
      1008,
      "input.sampleRate",
      "input.sampleRate: expected a whole number from 8000 to 48000, got the number 7",
    ],
    [
      "a format that is none",
      '{"type":"hello","version":1,"output":null}',
      1008,
      "output",
      "output: expected an object with sampleRate and channels, got null",
    ],
  ])("is refused when it is %s", async (_what, first, code, field, message) => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.connect(desk.url);
    client.send(first);
    expect(await client.next()).toEqual({ type: "error", field, message });
    expect(await client.closed).toEqual({ code, reason: "no hello" });
    expect(desk.sessions).toEqual([]);
    await until(() => desk.clock.pending === 0);
  });

  it("is not waited for beyond the limit", async () => {
    await using desk = await Desk.open({ timeouts: { helloMs: 3000 } });
    await using client = await VoiceClient.connect(desk.url);
    await until(() => desk.clock.pending === 1);
    await desk.clock.advance(3000);
    expect((await client.next()) as object).toMatchObject({
      type: "error",
      message: "message: expected a hello within 3000 ms",
    });
    expect((await client.closed).code).toBe(1008);
  });
});

describe("what the client says", () => {
  it("becomes frames of the pipeline's format, also what came before the pipeline had started", async () => {
    await using desk = await Desk.open({ input: { sampleRate: 16_000, chunkMs: 20 } });
    await using client = await VoiceClient.connect(desk.url);
    client.send('{"type":"hello","version":1,"input":{"sampleRate":48000,"channels":2}}');
    const { audio } = sine({ hz: 440, ms: 210, sampleRate: 48_000, channels: 2 });
    // In pieces that fit nothing.
    for (let at = 0; at < audio.length; at += 1004) client.send(audio.subarray(at, at + 1004));
    client.send('{"type":"end"}');
    const { heard, ran } = await desk.session();
    await ran;
    const frames = heard.frames.filter((frame) => frame instanceof InputAudioRawFrame);
    expect(frames.length).toBe(11);
    for (const frame of frames) expect(frame).toMatchObject({ sampleRate: 16_000, channels: 1 });
    expect(frames.map((frame) => frame.audio.length)).toEqual(frames.map(() => 640));
    expect(rms({ audio: Buffer.concat(frames.slice(1, 10).map((frame) => frame.audio)) })).toBeCloseTo(
      0.5 / Math.SQRT2,
      2,
    );
  });

  it("is typed text, a turn by hand, and an interruption", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    const { heard } = await desk.session();
    await until(() => heard.down.length === 1);
    client.send('{"type":"user-speaking","speaking":true}');
    client.send('{"type":"user-speaking","speaking":false}');
    client.send('{"type":"interrupt"}');
    client.send('{"type":"text","text":"What is the time?"}');
    expect(await client.until("transcription")).toEqual({
      type: "transcription",
      text: "What is the time?",
      final: true,
    });
    expect(heard.down.map(([, what]) => what)).toEqual([
      "Start",
      "UserStartedSpeaking",
      "UserStoppedSpeaking",
      "Interruption",
      "Transcription",
    ]);
    expect(heard.frames.at(-1)).toMatchObject({ text: "What is the time?", endOfSpeech: true });
  });

  it("ends the pipeline with `end`, after what is being said", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    const { task, ran } = await desk.session();
    await task.queueFrames([speech(200), words("Bye.")]);
    client.send('{"type":"end"}');
    await client.until("utterance");
    await until(() => desk.clock.pending === 2);
    await desk.clock.advance(200);
    await client.until("end");
    expect(client.messages.map(({ type }) => type).slice(-4)).toEqual(["utterance", "text", "bot-speaking", "end"]);
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
    await ran;
    await until(() => desk.clock.pending === 0);
  });

  it.each([
    ["{", "message", "message: expected JSON"],
    ["7", "message", "message: expected a JSON object, got the number 7"],
    ["{}", "type", "type: expected one of hello, played, text, user-speaking, interrupt, end"],
    ['{"type":"__proto__"}', "type", "type: expected one of"],
    ['{"type":"hello","version":1}', "type", "type: expected no second hello"],
    ['{"type":"text","text":7}', "text", "text: expected a text that is not blank, got the number 7"],
    ['{"type":"text","text":" "}', "text", "text: expected a text that is not blank, got a string"],
    ['{"type":"played","utterance":1.5,"ms":1}', "utterance", "utterance: expected a whole number of at least 1"],
    ['{"type":"played","utterance":1,"ms":-1}', "ms", "ms: expected a number of at least 0, got the number -1"],
    [
      '{"type":"played","utterance":99,"ms":1}',
      "utterance",
      "utterance: expected the number of an utterance that was sent, got the number 99",
    ],
    ['{"type":"user-speaking","speaking":"yes"}', "speaking", "speaking: expected true or false, got a string"],
    [new Uint8Array(3), "audio", "audio: expected whole samples of 2 bytes, got 3 bytes"],
  ])("is told what is wrong with it: %s", async (wrong, field, message) => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    client.send(wrong);
    expect(await client.next()).toEqual({ type: "error", field, message: expect.stringContaining(message) });
    client.send('{"type":"text","text":"still here"}');
    expect(await client.until("transcription")).toMatchObject({ text: "still here" });
  });

  it("closes the connection when too much of it cannot be used", async () => {
    await using desk = await Desk.open({ maxClientErrors: 3 });
    await using client = await VoiceClient.greet(desk.url);
    for (let count = 0; count < 5; count += 1) client.send("?");
    expect(await client.closed).toEqual({ code: 1008, reason: "too many unusable messages" });
    expect(client.messages.filter(({ type }) => type === "error").length).toBe(3);
    await (
      await desk.session()
    ).ran;
  });

  it("closes the connection when a message is too large", async () => {
    await using desk = await Desk.open({ maxMessageBytes: 1000 });
    await using client = await VoiceClient.greet(desk.url);
    client.send(new Uint8Array(1001));
    expect((await client.closed).code).toBe(1009);
    await (
      await desk.session()
    ).ran;
  });

  it("is dropped if it comes faster than real time, which is reported once", async () => {
    await using desk = await Desk.open({ maxAheadMs: 1000 });
    await using client = await VoiceClient.greet(desk.url);
    const second = new Uint8Array(32_000);
    for (let count = 0; count < 4; count += 1) client.send(second);
    expect(await client.until("error")).toMatchObject({
      field: "audio",
      message: "audio: expected audio no faster than real time; it was dropped",
    });
    await client.caughtUp();
    const { heard } = await desk.session();
    expect(heard.down.filter(([, what]) => what === "InputAudioRaw").length).toBe(50);
    await desk.clock.advance(1000);
    client.send(second.subarray(0, 640));
    await client.caughtUp();
    expect(heard.down.filter(([, what]) => what === "InputAudioRaw").length).toBe(51);
    expect(client.messages.filter(({ type }) => type === "error").length).toBe(1);
  });

  it("is not taken without limit where it is text", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    const { task } = await desk.session();
    // Frames before the output wait for ten seconds of speech.
    await task.queueFrames([speech(10_000)]);
    for (let count = 0; count < 400; count += 1) client.send('{"type":"text","text":"again"}');
    expect(await client.until("error")).toMatchObject({ field: "text" });
  });
});

describe("what the bot says", () => {
  it("comes paced, with words, at the sample rate the client asked for", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url, { output: { sampleRate: 8000 } });
    const { task } = await desk.session();
    await task.queueFrames([new TTSStartedFrame("a"), speech(200, "a"), words("Hello."), new TTSStoppedFrame("a")]);
    expect(await client.until("bot-speaking")).toEqual({ type: "bot-speaking", speaking: true });
    expect(await client.next()).toEqual({ type: "utterance", utterance: 1 });
    await desk.clock.advance(100);
    await client.caughtUp();
    // The audio that has been played, and the lead with the chunk that reaches into it.
    expect(client.audioBytes / 16).toBe(180);
    expect(client.messages.some(({ type }) => type === "text")).toBe(false);
    await desk.clock.advance(1000);
    await client.caughtUp();
    expect(client.audioBytes / 16).toBe(200);
    expect(client.messages.slice(-2)).toEqual([
      { type: "text", text: "Hello." },
      { type: "bot-speaking", speaking: false },
    ]);
    await task.queueFrames([speech(20, "b")]);
    expect(await client.until("utterance")).toEqual({ type: "utterance", utterance: 2 });
  });

  it("stops at an interruption, and the client is told to drop what it holds", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    const { task, client: transport, said } = await desk.session();
    await task.queueFrames([speech(400, "a"), words("never")]);
    await desk.clock.advance(100);
    await task.interrupt();
    await client.until("clear");
    const before = client.audioBytes;
    expect(before / 48).toBe(180);
    await desk.clock.advance(2000);
    await client.caughtUp();
    expect(client.audioBytes).toBe(before);
    expect(said.said.map(([, what]) => what)).toEqual(["Interruption"]);
    expect(transport.output().stats).toMatchObject({ sentMs: 180, playedMs: 100 });
    // Nothing is there to be dropped any more.
    await task.interrupt();
    await client.caughtUp();
    expect(client.messages.filter(({ type }) => type === "clear").length).toBe(1);
    await task.queueFrames([speech(20, "a")]);
    expect(await client.until("utterance")).toEqual({ type: "utterance", utterance: 2 });
  });

  it("counts as played when the client says so", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url, { reportsPlayed: true });
    const { task, client: transport } = await desk.session();
    const reports: unknown[] = [];
    transport.on("played", (report) => void reports.push(report));
    await task.queueFrames([speech(100, "a"), words("one"), speech(100, "b"), words("two")]);
    await desk.clock.advance(500);
    await client.caughtUp();
    expect(client.messages.some(({ type }) => type === "text")).toBe(false);
    client.send('{"type":"played","utterance":1,"ms":100}');
    expect(await client.until("text")).toEqual({ type: "text", text: "one" });
    client.send('{"type":"played","utterance":2,"ms":60}');
    await until(() => reports.length === 2);
    await task.interrupt();
    await client.until("clear");
    client.send('{"type":"played","utterance":2,"ms":70}');
    await until(() => reports.length === 3);
    expect(reports).toEqual([
      { utteranceId: "a", ms: 100, positionMs: 100 },
      { utteranceId: "b", ms: 60, positionMs: 160 },
      { utteranceId: "b", ms: 70, positionMs: undefined },
    ]);
    expect(transport.output().stats.playedMs).toBe(160);
    await desk.clock.advance(5000);
    await client.caughtUp();
    expect(client.messages.filter(({ type }) => type === "text").length).toBe(1);
  });

  it("comes with what was understood, and who is speaking", async () => {
    await using desk = await Desk.open();
    await using client = await VoiceClient.greet(desk.url);
    const { task } = await desk.session();
    await task.queueFrames([
      new UserStartedSpeakingFrame(),
      new InterimTranscriptionFrame("Good"),
      new TranscriptionFrame("Good day."),
      new TranscriptionFrame("", { endOfSpeech: true }),
    ]);
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await client.caughtUp();
    const messages = client.messages.slice(1);
    expect(messages.filter(({ type }) => type === "user-speaking")).toEqual([
      { type: "user-speaking", speaking: true },
      { type: "user-speaking", speaking: false },
    ]);
    expect(messages.filter(({ type }) => type === "transcription")).toEqual([
      { type: "transcription", text: "Good", final: false },
      { type: "transcription", text: "Good day.", final: true },
    ]);
  });
});

describe("connections", () => {
  it("are apart: one that is cut off in the middle of speech ends its own pipeline, and no other", async () => {
    await using desk = await Desk.open();
    const first = await VoiceClient.greet(desk.url);
    await using second = await VoiceClient.greet(desk.url);
    const [one, two] = [await desk.session(0), await desk.session(1)];
    const gone: number[] = [];
    one.client.on("disconnected", (code) => void gone.push(code));
    for (const { task } of [one, two]) await task.queueFrames([speech(400), words("Well.")]);
    await desk.clock.advance(100);
    first.socket.terminate();
    await one.ran;
    expect(gone).toEqual([1006]);
    expect(desk.server.connections).toEqual([two.client]);
    await desk.clock.advance(300);
    expect(await second.until("text")).toEqual({ type: "text", text: "Well." });
    expect(second.audioBytes / 48).toBe(400);
    second.socket.close();
    await two.ran;
    await until(() => desk.clock.pending === 0);
    expect(desk.server.connections).toEqual([]);
    expect(desk.logger.warnings).toEqual([]);
  });

  it("that end before the pipeline has started end it anyway", async () => {
    const begin = Promise.withResolvers<void>();
    let ran: Promise<void> | undefined;
    await using desk = await Desk.open({
      onConnection: async (client) => {
        await begin.promise;
        ran = new PipelineTask([client.input(), client.output()], { environment: { clock: desk.clock } }).run();
        await ran;
      },
    });
    const client = await VoiceClient.greet(desk.url);
    const [transport] = desk.server.connections;
    client.socket.terminate();
    await transport!.closed;
    begin.resolve();
    await until(() => ran !== undefined);
    await ran;
    expect(desk.clock.pending).toBe(0);
  });

  it("end with the pipeline: 1000 when it has ended, 1001 when it was cancelled", async () => {
    await using desk = await Desk.open();
    await using first = await VoiceClient.greet(desk.url);
    await using second = await VoiceClient.greet(desk.url);
    await (await desk.session(0)).task.queueFrame(new EndFrame());
    expect(await first.closed).toEqual({ code: 1000, reason: "" });
    expect(first.messages.at(-1)).toEqual({ type: "end" });
    await (await desk.session(1)).task.cancel();
    expect(await second.closed).toEqual({ code: 1001, reason: "the conversation was ended" });
    expect(second.messages.some(({ type }) => type === "end")).toBe(false);
  });

  it("are closed with 1011 when they cannot be served", async () => {
    await using desk = await Desk.open({
      onConnection: () => {
        throw new Error("no model today");
      },
    });
    await using client = await VoiceClient.greet(desk.url);
    expect(await client.closed).toEqual({ code: 1011, reason: "the conversation failed" });
    expect(desk.logger.warned).toEqual(["onConnection failed; the connection was closed"]);
  });

  it("are closed with 1001 when the server is, those without a hello too", async () => {
    const desk = await Desk.open();
    await using greeted = await VoiceClient.greet(desk.url);
    await using silent = await VoiceClient.connect(desk.url);
    const { ran } = await desk.session();
    await until(() => desk.clock.pending > 0);
    await desk.server.close();
    const going = { code: 1001, reason: "the server is shutting down" };
    expect([await greeted.closed, await silent.closed]).toEqual([going, going]);
    await ran;
    await until(() => desk.clock.pending === 0);
    await expect(VoiceClient.connect(desk.url)).rejects.toThrow("ECONNREFUSED");
  });

  it("that are half-open are found by a ping and cut off", async () => {
    await using desk = await Desk.open({ heartbeat: { intervalMs: 1000, timeoutMs: 500 } });
    await using alive = await VoiceClient.greet(desk.url);
    await using dead = await VoiceClient.greet(desk.url, {}, { autoPong: false });
    const { ran } = await desk.session(1);
    const pinged = Promise.all([once(alive.socket, "ping"), once(dead.socket, "ping")]);
    await desk.clock.advance(1000);
    await pinged;
    await alive.caughtUp();
    await desk.clock.advance(500);
    expect((await dead.closed).code).toBe(1006);
    await ran;
    expect(desk.server.connections.map(({ id }) => id)).toEqual([1]);
  });

  describe("that do not take what they are sent", () => {
    const limits = { maxBufferedBytes: 20_000, timeouts: { slowMs: 3000, closeMs: 1000 }, output: { chunkMs: 500 } };

    async function slowDown(desk: Desk): Promise<{ client: VoiceClient; session: Session }> {
      const client = await VoiceClient.greet(desk.url, { output: { sampleRate: 48_000, channels: 2 } });
      const session = await desk.session();
      const slow: number[] = [];
      session.client.on("slow", (bytes) => void slow.push(bytes));
      client.socket.pause();
      const long = new Uint8Array(100 * 192_000);
      void session.task.queueFrame(new OutputAudioRawFrame({ audio: long, sampleRate: 48_000, channels: 2 }));
      while (slow.length === 0) await desk.clock.advance(500);
      expect(slow[0]).toBeGreaterThan(20_000);
      return { client, session };
    }

    it("are sent no more until they have caught up, and what they missed is not counted as played", async () => {
      await using desk = await Desk.open(limits);
      const { client, session } = await slowDown(desk);
      await using _client = client;
      const output = session.client.output();
      const causes: string[] = [];
      output.on("underrun", ({ cause }) => void causes.push(cause));
      const { sentMs } = output.stats;
      await desk.clock.advance(2900);
      expect(output.stats).toMatchObject({ sentMs, playedMs: sentMs });
      client.socket.resume();
      await until(() => output.stats.sentMs > sentMs);
      expect(causes).toEqual(["client"]);
      expect(output.stats).toMatchObject({ underruns: 1, pacingUnderruns: 0 });
      await desk.clock.advance(2000);
      await client.caughtUp();
      expect(client.audioBytes / 192).toBe(output.stats.sentMs);
    });

    it("are closed with 1013 when they do not catch up in time", async () => {
      await using desk = await Desk.open(limits);
      const { client, session } = await slowDown(desk);
      await desk.clock.advance(3000);
      await session.ran;
      expect(session.said.said.map(([, what]) => what)).toEqual(["Cancel"]);
      client.socket.resume();
      expect(await client.closed).toEqual({ code: 1013, reason: "the client does not take what it is sent" });
    });

    it("are cut off when not even the close gets through", async () => {
      await using desk = await Desk.open(limits);
      const { client, session } = await slowDown(desk);
      await desk.clock.advance(4000);
      await session.client.closed;
      expect(desk.clock.pending).toBe(0);
      await using _client = client;
    });
  });
});

describe("who is let in", () => {
  const status = async (options: Partial<WebsocketServerTransportOptions>, headers = {}): Promise<number> => {
    await using desk = await Desk.open(options);
    const refused = await refusal(desk.url, { headers });
    expect(desk.clock.pending).toBe(0);
    return refused;
  };

  it("is for verifyClient to say", async () => {
    const verifyClient: VerifyClient = async ({ headers }) => headers.authorization === "Bearer right";
    await using desk = await Desk.open({ verifyClient });
    await using client = await VoiceClient.greet(desk.url, {}, { headers: { authorization: "Bearer right" } });
    expect(client.messages.length).toBe(1);
    expect(await status({ verifyClient }, { authorization: "Bearer wrong" })).toBe(403);
  });

  it("is no client when verifyClient fails, or takes too long", async () => {
    const fails = (): boolean => {
      throw new Error("no database");
    };
    expect(await status({ verifyClient: fails })).toBe(503);
    await using desk = await Desk.open({
      verifyClient: () => new Promise(() => undefined),
      timeouts: { verifyMs: 50 },
    });
    const refused = refusal(desk.url);
    await until(() => desk.clock.pending === 1);
    await desk.clock.advance(50);
    expect(await refused).toBe(503);
  });

  it("are no more than there is room for; who leaves makes room", async () => {
    await using desk = await Desk.open({ maxConnections: 1 });
    const client = await VoiceClient.greet(desk.url);
    expect(await refusal(desk.url)).toBe(503);
    client.socket.terminate();
    await (
      await desk.session()
    ).ran;
    await using next = await VoiceClient.greet(desk.url);
    expect(next.messages.length).toBe(1);
  });

  it("are pages of this machine and of allowed origins, not of others", async () => {
    expect(await status({}, { origin: "https://evil.example" })).toBe(403);
    expect(await status({}, { origin: "null" })).toBe(403);
    await using desk = await Desk.open({ allowedOrigins: ["https://Good.example"] });
    for (const origin of ["https://good.example", "http://localhost:5173", "http://[::1]:3000"]) {
      await using client = await VoiceClient.greet(desk.url, {}, { headers: { origin } });
      expect(client.messages.length).toBe(1);
    }
    await using open = await Desk.open({ allowedOrigins: ["*"] });
    await using client = await VoiceClient.greet(open.url, {}, { headers: { origin: "https://any.example" } });
    expect(client.messages.length).toBe(1);
  });

  it("is no new client while the server closes", async () => {
    await using desk = await Desk.open({ verifyClient: () => new Promise(() => undefined) });
    const refused = refusal(desk.url);
    await until(() => desk.clock.pending === 1);
    const closed = desk.server.close();
    expect(await refused).toBe(503);
    await closed;
  });
});

describe("a server of one's own", () => {
  it("gives its upgrades, of one path or all", async () => {
    await using desk = await Desk.open();
    const http = createServer((_request, response) => response.end("a page"));
    const detach = desk.server.attach(http, { path: "/voice" });
    await once(http.listen(0, "127.0.0.1"), "listening");
    const base = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    await using client = await VoiceClient.greet(`ws://${base}/voice?key=1`);
    expect((await desk.session()).client.request.url).toBe("/voice?key=1");
    expect(await refusal(`ws://${base}/other`)).toBe(404);
    expect(await (await fetch(`http://${base}/`)).text()).toBe("a page");
    detach();
    expect(http.listenerCount("upgrade")).toBe(0);
    client.socket.terminate();
    http.close();
  });

  it("says on plain HTTP what it is", async () => {
    await using desk = await Desk.open();
    const response = await fetch(desk.url.replace("ws:", "http:"));
    expect([response.status, await response.text()]).toEqual([426, "This is a WebSocket server.\n"]);
  });
});
