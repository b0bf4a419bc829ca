import { describe, expect, it } from "vitest";
import { durationMs } from "turnwire/internal";
import { SpeechServer, type SpeechServerOptions, toneAudio, type Voice } from "../../src/speech/index.ts";
import { RecordingLogger, VirtualClock } from "@turnwire/test-kit";
import { SpeechClient, type WireMessage } from "./support/speech-client.ts";

async function start(options: SpeechServerOptions = {}): Promise<SpeechServer> {
  return await SpeechServer.start({ voice: "tones", ...options });
}

/** A connection that has had its `Metadata`. */
async function speak(server: SpeechServer, query = "encoding=linear16&sample_rate=16000"): Promise<SpeechClient> {
  const client = await SpeechClient.connect(`${server.speakURL}?${query}`);
  await client.until("Metadata");
  return client;
}

const audioOf = (all: ReadonlyArray<WireMessage | Buffer>): Buffer =>
  Buffer.concat(all.filter((one): one is Buffer => Buffer.isBuffer(one)));
const tonesOf = (text: string, sampleRate = 16_000): Buffer => Buffer.from(toneAudio(text, sampleRate).audio);

describe("speaking", () => {
  it("begins with the documented Metadata, which says what speaks", async () => {
    // https://developers.deepgram.com/reference/text-to-speech/speak-streaming
    await using server = await start();
    await using client = await SpeechClient.connect(`${server.speakURL}?model=aura-2-thalia-en`);
    expect(await client.message()).toEqual({
      type: "Metadata",
      request_id: client.requestId,
      model_name: "aura-2-thalia-en",
      model_version: "turnwire-tones",
      model_uuid: expect.stringMatching(/^[\da-f-]{36}$/) as string,
    });
    expect(server.voice).toBe("tones");
  });

  it("answers the text collected by a Flush with its audio and Flushed", async () => {
    // https://developers.deepgram.com/docs/tts-ws-flush
    await using server = await start();
    await using client = await speak(server);
    client.send('{\n  "type": "Speak",\n  "text": "Hello, how are you to"\n}');
    client.send({ type: "Speak", text: "day?" });
    await client.settled();
    expect(client.unread).toEqual([]);
    client.send('{\n    "type": "Flush"\n}');
    const all = await client.until("Flushed");
    expect(audioOf(all).equals(tonesOf("Hello, how are you today?"))).toBe(true);
    expect(all.at(-1)).toEqual({ type: "Flushed", sequence_id: 0 });
    // 100 ms of it in a message.
    expect((all[0] as Buffer).length).toBe(3_200);
    client.send({ type: "Speak", text: "Bye." });
    client.send({ type: "Flush" });
    client.send({ type: "Flush" });
    const more = await client.until("Flushed");
    expect(audioOf(more).equals(tonesOf("Bye."))).toBe(true);
    expect(more.at(-1)).toEqual({ type: "Flushed", sequence_id: 1 });
    expect(await client.next()).toEqual({ type: "Flushed", sequence_id: 2 });
  });

  it("has 24000 samples a second by default, and others that linear16 may have", async () => {
    await using server = await start();
    for (const [query, sampleRate] of [
      ["", 24_000],
      ["encoding=linear16&sample_rate=8000", 8_000],
    ] as const) {
      await using client = await speak(server, query);
      client.send({ type: "Speak", text: "One two." });
      client.send({ type: "Flush" });
      expect(audioOf(await client.until("Flushed")).equals(tonesOf("One two.", sampleRate))).toBe(true);
    }
  });

  it("speaks the rest at a Close, and closes normally", async () => {
    await using server = await start();
    await using client = await speak(server);
    client.send({ type: "Speak", text: "First." });
    client.send({ type: "Flush" });
    client.send({ type: "Speak", text: "Rest." });
    client.send({ type: "Close" });
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
    expect(client.unread.filter((one) => !Buffer.isBuffer(one))).toEqual([{ type: "Flushed", sequence_id: 0 }]);
    expect(audioOf(client.unread).equals(Buffer.concat([tonesOf("First."), tonesOf("Rest.")]))).toBe(true);
  });
});

describe("a Clear", () => {
  it("stops at once what is being spoken and forgets what waits", async () => {
    // https://developers.deepgram.com/docs/tts-ws-clear
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock }, realtimeFactor: 1 });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "This is said in real time." });
    client.send({ type: "Flush" });
    client.send({ type: "Speak", text: "Never said." });
    client.send({ type: "Flush" });
    client.send({ type: "Speak", text: "Nor this." });
    await client.next();
    client.send('{\n "type": "Clear"\n}');
    expect((await client.until("Cleared")).at(-1)).toEqual({ type: "Cleared", sequence_id: 0 });
    await clock.advance(10_000);
    await client.settled();
    expect(client.unread).toEqual([]);
    client.send({ type: "Speak", text: "Now this." });
    client.send({ type: "Flush" });
    expect(((await client.next()) as Buffer).equals(tonesOf("Now this.").subarray(0, 3_200))).toBe(true);
    await client.settled();
    await clock.advance(10_000);
    const all = await client.until("Flushed");
    expect(audioOf(all).equals(tonesOf("Now this.").subarray(3_200))).toBe(true);
    expect(all.at(-1)).toEqual({ type: "Flushed", sequence_id: 2 });
  });

  it("is answered when there is nothing to clear", async () => {
    await using server = await start();
    await using client = await speak(server);
    client.send({ type: "Clear" });
    expect(await client.next()).toEqual({ type: "Cleared", sequence_id: 0 });
  });
});

describe("the pace", () => {
  it("has its first audio late and makes the rest as many times faster than real time as asked for", async () => {
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock }, firstByteMs: 150, realtimeFactor: 4 });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "abcdef ab" });
    client.send({ type: "Flush" });
    // 320 ms, a gap of 60, 160 ms, a gap of 60.
    expect(durationMs(toneAudio("abcdef ab", 16_000))).toBe(600);
    const arrivals: number[] = [];
    for (let ms = 0; ms < 400; ms += 5) {
      await client.settled();
      while (client.unread.length > 0) arrivals.push(Buffer.isBuffer(await client.next()) ? clock.now() : -clock.now());
      await clock.advance(5);
    }
    // Six messages, and Flushed right after the last.
    expect(arrivals).toEqual([150, 175, 200, 225, 250, 275, -275]);
  });
});

describe("limits", () => {
  it("warn of the 21st Flush in a minute, which is not done", async () => {
    // https://developers.deepgram.com/docs/tts-ws-flush, "Limits"
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock } });
    await using client = await speak(server);
    for (let count = 0; count < 20; count += 1) client.send({ type: "Flush" });
    client.send({ type: "Speak", text: "Kept." });
    client.send({ type: "Flush" });
    await client.settled();
    const answers = await Promise.all(Array.from({ length: 21 }, () => client.message()));
    expect(answers.filter(({ type }) => type === "Flushed").map((answer) => answer.sequence_id)).toHaveLength(20);
    expect(answers.find(({ type }) => type === "Warning")).toEqual({
      type: "Warning",
      code: "EXCESSIVE_FLUSH",
      description: "At most 20 flushes are taken in 60 seconds.",
    });
    await clock.advance(60_000);
    client.send({ type: "Flush" });
    const all = await client.until("Flushed");
    expect(audioOf(all).equals(tonesOf("Kept."))).toBe(true);
    expect(all.at(-1)).toEqual({ type: "Flushed", sequence_id: 20 });
  });

  it.each<[string, object | string | Uint8Array, number, string]>([
    ["text of more than 2000 characters", { type: "Speak", text: "a".repeat(2_001) }, 1009, "BIG-0001"],
    ["a message that is too large", { type: "Speak", text: "a", more: "b".repeat(65_536) }, 1009, "BIG-0000"],
    ["a binary message", new Uint8Array(2), 1003, "MESSAGE-0000"],
    ["what is no command", { type: "KeepAlive" }, 1008, "DATA-0000"],
    ["what is no JSON", "hello", 1008, "DATA-0000"],
    ["text that is none", { type: "Speak", text: 5 }, 1008, "DATA-0000"],
  ])("close at %s, as documented", async (_name, message, code, reason) => {
    // https://developers.deepgram.com/docs/tts-troubleshooting-websocket-net-and-data-errors
    await using server = await start();
    await using client = await speak(server);
    client.send(message);
    expect(await client.closed).toEqual({ code, reason });
  });

  it("take text of 2000 characters, but not without end", async () => {
    await using server = await start();
    await using client = await speak(server);
    for (let count = 0; count < 25; count += 1) client.send({ type: "Speak", text: "a".repeat(2_000) });
    await client.settled();
    expect(client.unread).toEqual([]);
    client.send({ type: "Speak", text: "a" });
    expect(await client.closed).toEqual({ code: 1009, reason: "BIG-0001" });
  });

  it("close after an hour with NET-0003", async () => {
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock } });
    await using client = await speak(server);
    await clock.advance(60 * 60_000);
    expect(await client.closed).toEqual({ code: 1011, reason: "NET-0003" });
    expect(clock.pending).toBe(0);
  });
});

describe("a reader that does not keep up", () => {
  it("slows the server down, and misses nothing", async () => {
    await using server = await start();
    await using client = await speak(server, "sample_rate=48000");
    // About 90 s of audio, 8.6 MB: more than the network buffers.
    const text = "sentence ".repeat(200);
    client.socket.pause();
    client.send({ type: "Speak", text });
    client.send({ type: "Flush" });
    await expect.poll(() => server.connections[0]!.sentBytes).toBeGreaterThan(100_000);
    const held = server.connections[0]!.sentBytes;
    expect(held).toBeLessThan(8_000_000);
    client.socket.resume();
    const all = await client.until("Flushed");
    expect(audioOf(all).equals(tonesOf(text, 48_000))).toBe(true);
  });
});

describe("a voice of one's own", () => {
  const broken: Voice = { name: "broken", speak: () => Promise.reject(new Error("Nobody may read this.")) };

  it("is what speaks", async () => {
    const beep: Voice = {
      name: "beep",
      speak: async (text, sampleRate) => ({ audio: Buffer.from(text.slice(0, 4)), sampleRate, channels: 1 }),
    };
    await using server = await SpeechServer.start({ voice: beep });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "abcdef" });
    client.send({ type: "Flush" });
    expect(audioOf(await client.until("Flushed")).toString()).toBe("abcd");
    expect(server.voice).toBe("beep");
  });

  it("is spoken to its last sample, whatever the length of the audio before", async () => {
    const odd: Voice = {
      name: "odd",
      speak: async (text, sampleRate) => ({ audio: new Uint8Array(2 * Number(text)), sampleRate, channels: 1 }),
    };
    await using server = await SpeechServer.start({ voice: odd });
    await using client = await speak(server, "sample_rate=24000");
    for (let samples = 1; samples < 2000; samples += 101) {
      client.send({ type: "Speak", text: String(samples) });
      client.send({ type: "Flush" });
      expect(audioOf(await client.until("Flushed"))).toHaveLength(2 * samples);
    }
  });

  it("that fails closes the connection with NET-0000", async () => {
    const logger = new RecordingLogger();
    await using server = await SpeechServer.start({ voice: broken, logger });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "Nobody may read this either." });
    client.send({ type: "Flush" });
    expect(await client.closed).toEqual({ code: 1011, reason: "NET-0000" });
    expect(logger.warnings).toEqual([{ message: "the voice broken failed", details: { error: "Error" } }]);
  });
});
