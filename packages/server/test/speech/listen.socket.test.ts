import { describe, expect, it } from "vitest";
import { writeWav } from "turnwire/internal";
import { type ScriptedWord, SpeechServer, type SpeechServerOptions } from "../../src/speech/index.ts";
import { RecordingLogger, VirtualClock } from "@turnwire/test-kit";
import { quiet, SpeechClient, transcriptOf, type WireMessage } from "./support/speech-client.ts";

/** Words of 200 ms, one every 300 ms, from `fromMs` on. */
function words(text: string, fromMs = 0): ScriptedWord[] {
  return text
    .split(" ")
    .map((word, index) => ({ word, startMs: fromMs + 300 * index, endMs: fromMs + 300 * index + 200 }));
}

async function start(options: SpeechServerOptions = {}): Promise<SpeechServer> {
  return await SpeechServer.start({ voice: "tones", ...options });
}

const linear16 = "encoding=linear16&sample_rate=16000";

async function listen(server: SpeechServer, query = ""): Promise<SpeechClient> {
  return await SpeechClient.connect(`${server.listenURL}?${linear16}&${query}`);
}

const shown = ({ start, duration, is_final, speech_final, ...message }: WireMessage): string =>
  `${start.toFixed(3)}-${(start + duration).toFixed(3)} ${is_final} ${speech_final} ${transcriptOf(message as WireMessage)}`;

describe("the results", () => {
  it("have the fields and times of the documented example", async () => {
    // https://developers.deepgram.com/docs/live-streaming-audio, "Analyze the Response"
    await using server = await start({
      segmentMs: 60_000,
      script: [
        { word: "Tell", startMs: 6069.9997, endMs: 6349.9994, confidence: 0.99782443 },
        { word: "me", startMs: 6349.9994, endMs: 6629.9996, confidence: 0.9998324 },
        { word: "more", startMs: 6629.9996, endMs: 6790, confidence: 0.9995466 },
        { word: "about", startMs: 6790, endMs: 7029.9997, confidence: 0.99984455 },
        { word: "this.", startMs: 7029.9997, endMs: 7270, confidence: 0.99964225 },
      ],
    });
    await using client = await listen(server, "model=nova-2&smart_format=true&endpointing=700");
    client.send(quiet(5990));
    client.send({ type: "Finalize" });
    client.send(quiet(1980));
    const [finalized, heard] = [await client.message(), await client.message()];
    expect(finalized).toMatchObject({ start: 0, duration: 5.99, is_final: true, from_finalize: true });
    expect(transcriptOf(finalized)).toBe("");
    expect(heard).toEqual({
      type: "Results",
      channel_index: [0, 1],
      duration: 1.98,
      start: 5.99,
      is_final: true,
      speech_final: true,
      channel: {
        alternatives: [
          {
            transcript: "Tell me more about this.",
            confidence: 0.99782443,
            words: [
              { word: "tell", start: 6.07, end: 6.349999, confidence: 0.99782443, punctuated_word: "Tell" },
              { word: "me", start: 6.349999, end: 6.63, confidence: 0.9998324, punctuated_word: "me" },
              { word: "more", start: 6.63, end: 6.79, confidence: 0.9995466, punctuated_word: "more" },
              { word: "about", start: 6.79, end: 7.03, confidence: 0.99984455, punctuated_word: "about" },
              { word: "this", start: 7.03, end: 7.27, confidence: 0.99964225, punctuated_word: "this." },
            ],
          },
        ],
      },
      metadata: {
        request_id: client.requestId,
        model_info: { name: "nova-2", version: "turnwire-script", arch: "script" },
        model_uuid: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/) as string,
      },
      from_finalize: false,
    });
  });

  it("grow, become final in the middle of a long utterance, and end it where it is silent", async () => {
    // The order of https://developers.deepgram.com/docs/understand-endpointing-interim-results
    await using server = await start({
      segmentMs: 3_100,
      script: words("yeah so my credit card number is two two two two three"),
    });
    await using client = await listen(server, "interim_results=true&endpointing=300");
    for (let sent = 0; sent < 4_000; sent += 20) client.send(quiet(20));
    const results: string[] = [];
    while (results.at(-1)?.includes("true true") !== true) results.push(shown(await client.message()));
    expect(results).toEqual([
      "0.000-1.000 false false yeah so my",
      "0.000-2.000 false false yeah so my credit card number is",
      "0.000-3.000 false false yeah so my credit card number is two two two",
      // The word that has not ended at 3.1 s belongs to the next result.
      "0.000-3.000 true false yeah so my credit card number is two two two",
      "3.000-3.800 true true two three",
    ]);
    await client.settled();
    expect(client.unread).toEqual([]);
  });

  it("are the same whatever the size of the messages, also in the middle of a sample", async () => {
    await using server = await start({ script: words("one two three") });
    const heard = async (size: number): Promise<string[]> => {
      await using client = await listen(server, "interim_results=true&endpointing=90");
      const audio = quiet(2_000);
      for (let from = 0; from < audio.length; from += size) client.send(audio.subarray(from, from + size));
      client.send({ type: "CloseStream" });
      return (await client.messagesUntil("Metadata")).slice(0, -1).map(shown);
    };
    const [small, whole] = [await heard(333), await heard(64_000)];
    expect(small).toEqual(whole);
    expect(whole).toEqual([
      "0.000-0.290 true true one",
      "0.290-0.590 true true two",
      "0.590-0.890 true true three",
      "0.890-1.890 false false ",
      "0.890-2.000 true true ",
    ]);
  });

  it("say bare words where no punctuation is asked for, and no interim results unless they are", async () => {
    await using server = await start({ script: words('"Hello, I\'m Ada." 42!') });
    await using client = await listen(server, "endpointing=200");
    client.send(quiet(3_000));
    const message = await client.message();
    expect(transcriptOf(message)).toBe("hello i'm ada 42");
    expect(message.channel.alternatives[0]!.words[0]).toEqual({ word: "hello", start: 0, end: 0.2, confidence: 0.99 });
  });

  it("end no utterance with endpointing=false", async () => {
    await using server = await start({ script: words("one"), segmentMs: 2_000 });
    await using client = await listen(server, "endpointing=false");
    client.send(quiet(4_100));
    expect(shown(await client.message())).toBe("0.000-2.000 true false one");
    expect(shown(await client.message())).toBe("2.000-4.000 true false ");
  });

  it("come for each channel with multichannel", async () => {
    const script = [...words("left"), ...words("right").map((word) => ({ ...word, channel: 1 }))];
    await using server = await start({ script });
    await using client = await listen(server, "channels=2&multichannel=true&endpointing=100");
    // Two channels: 500 ms.
    client.send(quiet(1_000));
    const messages = [await client.message(), await client.message()];
    expect(messages.map((message) => [Reflect.get(message, "channel_index"), transcriptOf(message)])).toEqual([
      [[0, 2], "left"],
      [[1, 2], "right"],
    ]);
    client.send({ type: "Finalize", channel: 1 });
    expect(await client.message()).toMatchObject({ channel_index: [1, 2], from_finalize: true });
    await client.settled();
    expect(client.unread).toEqual([]);
  });

  it("come as much later as the options say, in order", async () => {
    const clock = new VirtualClock();
    await using server = await start({ script: words("one two"), latencyMs: 200, environment: { clock } });
    await using client = await listen(server, "endpointing=90");
    client.send(quiet(300));
    await client.settled();
    await clock.advance(150);
    client.send(quiet(300));
    client.send({ type: "CloseStream" });
    await client.settled();
    expect(client.unread).toEqual([]);
    await clock.advance(50);
    expect(transcriptOf(await client.message())).toBe("one");
    await client.settled();
    expect(client.unread).toEqual([]);
    await clock.advance(150);
    expect(shown(await client.message())).toBe("0.290-0.590 true true two");
    expect(shown(await client.message())).toBe("0.590-0.600 true true ");
    expect((await client.message()).type).toBe("Metadata");
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });
});

describe("the events", () => {
  it("tell of the start of speech and of the end of the utterance", async () => {
    await using server = await start({
      script: [{ word: "hello", startMs: 1_890, endMs: 2_395 }, ...words("again", 6_000)],
    });
    await using client = await listen(
      server,
      "interim_results=true&utterance_end_ms=1000&vad_events=true&endpointing=300",
    );
    client.send(quiet(3_394));
    await client.messagesUntil("Results");
    // https://developers.deepgram.com/docs/speech-started
    expect((await client.messagesUntil("SpeechStarted")).at(-1)).toEqual({
      type: "SpeechStarted",
      channel: [0, 1],
      timestamp: 1.89,
    });
    await client.settled();
    expect(client.unread.map((message) => (message as WireMessage).type)).toEqual(["Results", "Results"]);
    client.send(quiet(1));
    // https://developers.deepgram.com/docs/utterance-end
    expect((await client.messagesUntil("UtteranceEnd")).at(-1)).toEqual({
      channel: [0, 1],
      last_word_end: 2.395,
      type: "UtteranceEnd",
    });
    client.send(quiet(6_000));
    expect(await client.messagesUntil("SpeechStarted")).not.toContainEqual(
      expect.objectContaining({ type: "UtteranceEnd" }),
    );
    expect((await client.messagesUntil("UtteranceEnd")).at(-1)?.last_word_end).toBe(6.2);
  });
});

describe("the messages of the client", () => {
  it("Finalize makes final what was heard, and leaves a word that is being said to the next result", async () => {
    await using server = await start({ script: words("one two three") });
    await using client = await listen(server, "endpointing=500");
    client.send(quiet(700));
    client.send({ type: "Finalize" });
    const first = await client.message();
    expect(first).toMatchObject({ is_final: true, speech_final: false, from_finalize: true });
    expect(shown(first)).toBe("0.000-0.600 true false one two");
    // Without new audio there is no answer.
    client.send({ type: "Finalize" });
    client.send(quiet(200));
    client.send({ type: "Finalize" });
    const [again, rest] = [await client.message(), await client.message()];
    expect(again).toMatchObject({ duration: 0, from_finalize: true });
    expect(shown(rest)).toBe("0.600-0.900 true true three");
    client.send({ type: "Finalize" });
    await client.settled();
    expect(client.unread).toEqual([]);
  });

  it("CloseStream is answered by the rest, a summary and a normal close", async () => {
    await using server = await start({ script: words("one two") });
    await using client = await listen(server, "channels=1&endpointing=500");
    client.send(quiet(600));
    client.send('{\n  "type": "CloseStream"\n}');
    expect(shown(await client.message())).toBe("0.000-0.600 true true one two");
    expect(await client.message()).toMatchObject({ type: "Metadata", duration: 0.6, channels: 1 });
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });

  it.each([
    ["CloseStream", '{"type":"CloseStream"}'],
    ["an empty binary message, which did before", new Uint8Array(0)],
  ])("%s without audio is answered by the documented summary", async (_name, message) => {
    await using server = await start();
    await using client = await listen(server);
    client.send(message);
    // https://developers.deepgram.com/docs/close-stream
    expect(await client.message()).toEqual({
      type: "Metadata",
      transaction_key: "deprecated",
      request_id: client.requestId,
      sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      duration: 0,
      channels: 0,
    });
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
  });

  it("are refused by an error when they are none of those that there are", async () => {
    await using server = await start();
    await using client = await listen(server);
    for (const text of ["hello", '{"type":"Flush"}', "[]", '{"type":"toString"}']) {
      client.send(text);
      expect(await client.message()).toEqual({
        type: "Error",
        variant: "SchemaError",
        description: expect.any(String) as string,
        message: text,
      });
    }
    client.send({ type: "Configure", keyterms: ["turnwire"] });
    await client.settled();
    expect(client.unread).toEqual([]);
  });
});

describe("a connection on which nothing comes in", () => {
  it("is closed after 10 s with NET-0001; KeepAlive and audio keep it open", async () => {
    // https://developers.deepgram.com/docs/keep-alive
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock } });
    await using client = await listen(server);
    for (const message of [{ type: "KeepAlive" }, quiet(20), { type: "KeepAlive" }]) {
      await clock.advance(9_990);
      client.send(message);
      await client.settled();
    }
    await clock.advance(9_999);
    await client.settled();
    expect(client.unread).toEqual([]);
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 1011, reason: "NET-0001" });
    expect(clock.pending).toBe(0);
  });
});

describe("audio without an encoding", () => {
  it("is read by its WAV header, in whatever pieces that comes", async () => {
    await using server = await start({ script: words("one") });
    await using client = await SpeechClient.connect(`${server.listenURL}?endpointing=100`);
    const wav = writeWav({ audio: quiet(400, 8_000), sampleRate: 8_000, channels: 1 });
    for (let from = 0; from < wav.length; from += 30) client.send(wav.subarray(from, from + 30));
    expect(shown(await client.message())).toBe("0.000-0.300 true true one");
    client.send({ type: "CloseStream" });
    expect((await client.messagesUntil("Metadata")).at(-1)?.duration).toBe(0.4);
  });

  it("closes the connection with DATA-0000 when it has none", async () => {
    // https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors
    await using server = await start();
    await using client = await SpeechClient.connect(server.listenURL);
    client.send(quiet(100));
    expect(await client.closed).toEqual({ code: 1008, reason: "DATA-0000" });
  });
});

describe("the script", () => {
  it("may be asked for every connection, and begin where the one before it has ended", async () => {
    const asked: unknown[] = [];
    await using server = await start({
      script: (request) => {
        asked.push([request.connection, request.query["tag"], request.previous]);
        return words("one two three four");
      },
      timeline: ({ previous }) => previous?.finalMs ?? 0,
    });
    const first = await listen(server, "tag=a&endpointing=60");
    first.send(quiet(750));
    expect([transcriptOf(await first.message()), transcriptOf(await first.message())]).toEqual(["one", "two"]);
    first.socket.terminate();
    await using second = await listen(server, "tag=b&endpointing=60");
    // The audio that was not final on the first connection is sent again.
    second.send(quiet(750));
    expect(shown(await second.message())).toBe("0.000-0.300 true true three");
    expect(shown(await second.message())).toBe("0.300-0.600 true true four");
    expect(asked).toEqual([
      [1, "a", undefined],
      [2, "b", { receivedMs: 750, finalMs: 560 }],
    ]);
  });

  it("leaves out a word that the beginning cuts to less than half", async () => {
    await using server = await start({ script: words("one two three"), timeline: () => 399 });
    await using client = await listen(server, "endpointing=90");
    client.send(quiet(1_000));
    expect(await client.message()).toMatchObject({
      channel: { alternatives: [{ words: [{ word: "two", start: 0, end: 0.101 }] }] },
    });
    await using late = await SpeechServer.start({ voice: "tones", script: words("one two"), timeline: () => 401 });
    await using none = await listen(late, "endpointing=100");
    none.send(quiet(1_000));
    none.send({ type: "CloseStream" });
    expect((await none.messagesUntil("Metadata")).slice(0, -1).map(transcriptOf)).toEqual([""]);
  });

  it("that throws ends the connection, and is told to the logger", async () => {
    const logger = new RecordingLogger();
    await using server = await start({ logger, script: () => [{ word: "x", startMs: 5, endMs: 5 }] });
    await using client = await listen(server);
    expect(await client.closed).toEqual({ code: 1011, reason: "NET-0000" });
    expect(logger.warned).toEqual(["the script failed: script[0].endMs: expected more than startMs, got the number 5"]);
  });
});
