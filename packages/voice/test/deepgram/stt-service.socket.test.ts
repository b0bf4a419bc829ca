import { describe, expect, test } from "vitest";
import { MetricsFrame } from "turnwire";
import {
  EndFrame,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  STTUpdateSettingsFrame,
  TranscriptionFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import type { Transcript } from "../../src/stt/index.ts";
import { rejection, settle, stateOf } from "@turnwire/test-kit";
import { ListenServer, results, Rig } from "./stt-support.ts";

const second = 32_000;

describe("connecting", () => {
  // https://developers.deepgram.com/reference/speech-to-text/listen-streaming
  test("goes to /v1/listen with the key and the settings, with the first audio's sample rate", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, {
      language: "en-US",
      endpointing: false,
      utteranceEndMs: 1000,
      smartFormat: true,
      vadEvents: true,
      keyterm: ["turnwire", "Ada"],
      extra: { numerals: true, tag: "test" },
    });
    await settle();
    expect(server.requests).toBe(0);
    await rig.speak(20, { sampleRate: 24_000, channels: 1 });
    const peer = await server.peers.next();
    expect(peer.request.headers.authorization).toBe("Token secret-key");
    expect(peer.request.url).toBe(
      "/v1/listen?model=nova-3&language=en-US&encoding=linear16&sample_rate=24000&channels=1&interim_results=true" +
        "&endpointing=false&utterance_end_ms=1000&smart_format=true&punctuate=true&vad_events=true" +
        "&keyterm=turnwire&keyterm=Ada&numerals=true&tag=test",
    );
    await peer.heard(960);
  });

  test("with a sample rate of its own is done at the start; other audio is brought to that, and to one channel", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { sampleRate: 16_000 });
    const peer = await server.peers.next();
    expect(peer.query).toMatchObject({ sample_rate: "16000", channels: "1" });
    for (let count = 0; count < 10; count += 1) await rig.speak(100, { sampleRate: 48_000, channels: 2 });
    // A resampler keeps a few samples back.
    await peer.heard(second - 200);
    expect(peer.audio.length).toBeLessThanOrEqual(second);
  });

  test("is refused with a bad key: reported once, without the key, and not tried again", async () => {
    await using server = await ListenServer.start({
      // https://developers.deepgram.com/docs/errors
      admit: () => ({
        status: "401 Unauthorized",
        body: '{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"1"}',
      }),
    });
    await using rig = await Rig.start(server, { sampleRate: 16_000 });
    const told: unknown[] = [];
    rig.stt.on("connectionError", (error) => void told.push(error));
    const error = await rig.errors.next();
    expect(error).toMatchObject({ code: "connection_refused", status: 401 });
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain("secret-key");
    expect(told).toEqual([error]);
    await rig.speak(20);
    await settle();
    expect(rig.errors.all).toHaveLength(1);
    expect(server.requests).toBe(1);
  });

  test("needs a key", async () => {
    await using server = await ListenServer.start();
    const rig = await Rig.start(server, { sampleRate: 16_000, apiKey: "" });
    expect(await rig.errors.next()).toMatchObject({ code: "missing_api_key" });
    expect(server.requests).toBe(0);
  });

  test("asks for the key anew each time, and takes http for ws, and a path before", async () => {
    await using server = await ListenServer.start();
    let keys = 0;
    await using rig = await Rig.start(server, {
      apiKey: () => Promise.resolve(`key-${++keys}`),
      baseURL: `${server.url.replace("ws:", "http:")}/proxy/`,
      sampleRate: 16_000,
    });
    const first = await server.peers.next();
    first.socket.terminate();
    const second = await server.peers.next();
    expect(second.request.headers.authorization).toBe("Token key-2");
    expect(second.request.url).toMatch(/^\/proxy\/v1\/listen\?/);
    await rig.stt.cancel();
  });
});

describe("transcription", () => {
  test("gives interim and final ones with their times, and passes the audio on", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { userId: "ada" });
    const heard: Transcript[] = [];
    rig.stt.on("transcript", (transcript) => void heard.push(transcript));
    await rig.speak(1000);
    await rig.out.next((frame) => frame instanceof InputAudioRawFrame);
    const peer = await server.peers.next();
    await peer.heard(second);
    // https://developers.deepgram.com/docs/interim-results
    peer.send(
      '{"type":"Results","channel_index":[0,1],"duration":1.039875,"start":0.0,"is_final":false,"speech_final":false,"channel":{"alternatives":[{"transcript":"another big","confidence":0.9600255,"words":[{"word":"another","start":0.2971154,"end":0.7971154,"confidence":0.9588303,"punctuated_word":"another"},{"word":"big","start":0.85173076,"end":1.039875,"confidence":0.9600255,"punctuated_word":"big"}]}]},"metadata":{"request_id":"a6ed1d6d-7d4e-4c4a-ae0a-1f35c1e8d3c1","model_info":{"name":"general-nova-3","version":"2025-04-17.21547","arch":"nova-3"},"model_uuid":"40bd3654-e622-47c4-a111-63a61b23bfe8"},"from_finalize":false}',
    );
    const interim = await rig.out.next((frame) => frame instanceof InterimTranscriptionFrame);
    expect(interim).toMatchObject({ text: "another big", userId: "ada" });
    // https://developers.deepgram.com/docs/endpointing
    peer.send(
      '{"type":"Results","channel_index":[0,1],"duration":1.0,"start":0.0,"is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"Another big.","confidence":0.99,"words":[{"word":"another","start":0.25,"end":0.75,"confidence":0.96,"punctuated_word":"Another"},{"word":"big","start":0.75,"end":1.0,"confidence":0.96,"punctuated_word":"big."}]}]},"metadata":{"request_id":"a6ed1d6d-7d4e-4c4a-ae0a-1f35c1e8d3c1"},"from_finalize":false}',
    );
    expect(await rig.transcription()).toMatchObject({ text: "Another big.", userId: "ada", endOfSpeech: true });
    expect(heard.map(({ text, final }) => [text, final])).toEqual([
      ["another big", false],
      ["Another big.", true],
    ]);
    expect(heard[1]).toMatchObject({ startMs: 0, endMs: 1000 });
    expect(heard[1]?.words).toEqual([
      { text: "Another", startMs: 250, endMs: 750 },
      { text: "big.", startMs: 750, endMs: 1000 },
    ]);
    expect(rig.logger.warnings).toEqual([]);
  });

  test("says nothing of silence", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const peer = await server.peers.next();
    peer.send(results(0, 0.5, "", { interim: true }));
    peer.send(results(0, 0.5, "", { speechFinal: true }));
    peer.send(results(0.5, 0.5, "Hello."));
    expect(await rig.transcription()).toMatchObject({ text: "Hello.", endOfSpeech: false });
    expect(rig.out.all.filter((frame) => frame instanceof TranscriptionFrame)).toHaveLength(1);
    expect(rig.out.all.filter((frame) => frame instanceof InterimTranscriptionFrame)).toHaveLength(0);
  });

  test.each([
    ["an empty final", results(0.5, 0.5, "", { speechFinal: true })],
    // https://developers.deepgram.com/docs/utterance-end
    ["UtteranceEnd", '{"type":"UtteranceEnd","channel":[0,1],"last_word_end":0.395}'],
  ])("tells of an end of speech that comes after the words, with %s, once", async (_what, literal) => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const peer = await server.peers.next();
    peer.send(results(0, 0.5, "Hello."));
    peer.send(literal);
    peer.send(literal);
    peer.send(results(1, 0.5, "Bye."));
    expect(await rig.transcription()).toMatchObject({ text: "Hello.", endOfSpeech: false });
    expect(await rig.transcription()).toMatchObject({ text: "", endOfSpeech: true });
    expect(await rig.transcription()).toMatchObject({ text: "Bye.", endOfSpeech: false });
  });

  test("reports the beginning of speech", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { vadEvents: true });
    const started = new Promise<void>((resolve) => rig.stt.on("speechStarted", resolve));
    await rig.speak(20);
    // https://developers.deepgram.com/docs/speech-started
    (await server.peers.next()).send('{"type":"SpeechStarted","channel":[0,1],"timestamp":9.54}');
    await started;
  });

  test("asks for the words when the voice ends, and measures how long they took", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(500);
    const peer = await server.peers.next();
    await rig.give(new VADUserStartedSpeakingFrame());
    await rig.speak(500);
    await rig.give(new VADUserStoppedSpeakingFrame());
    expect(await peer.messages.next()).toBe('{"type":"Finalize"}');
    await rig.speak(500);
    await peer.heard(1.5 * second);
    expect(peer.log).toEqual([second, '{"type":"Finalize"}', second / 2]);
    await rig.clock.advance(180);
    // https://developers.deepgram.com/docs/finalize
    peer.send(results(0, 1, "What is the weather?").replace('"from_finalize":false', '"from_finalize":true'));
    peer.send(results(1, 0.5, "Well?"));
    await rig.transcription();
    await rig.transcription();
    const metrics = rig.out.all.filter((frame) => frame instanceof MetricsFrame).flatMap(({ data }) => data);
    expect(metrics).toEqual([{ type: "timeToFinal", processor: rig.stt.name, model: "nova-3", valueMs: 180 }]);
  });

  test("while muted hears nothing, but passes the audio on; what was said before comes", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const peer = await server.peers.next();
    await rig.stt.mute();
    expect(rig.stt.muted).toBe(true);
    await rig.speak(1000);
    await rig.give(new VADUserStoppedSpeakingFrame());
    expect(await peer.messages.next()).toBe('{"type":"Finalize"}');
    peer.send(results(0, 1, "Before."));
    expect((await rig.transcription()).text).toBe("Before.");
    await rig.stt.mute(false);
    await rig.speak(500);
    await peer.heard(1.5 * second);
    expect(peer.log).toEqual([second, '{"type":"Finalize"}', second / 2]);
    expect(rig.out.all.filter((frame) => frame instanceof InputAudioRawFrame)).toHaveLength(3);
  });

  test("goes on after messages that say of an error, or nothing that can be read", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(20);
    const peer = await server.peers.next();
    // https://developers.deepgram.com/reference/speech-to-text/listen-streaming
    peer.send('{"type":"Error","variant":"SOME_VARIANT","description":"Something went wrong.","message":"no"}');
    expect(await rig.errors.next()).toMatchObject({ code: "SOME_VARIANT", message: "Deepgram: Something went wrong." });
    for (const unreadable of ["{", "[]", '{"type":"Results"}', '{"type":"Results","channel":{"alternatives":[]}}']) {
      peer.send(unreadable);
      expect(await rig.errors.next()).toMatchObject({ code: "unreadable_message" });
    }
    peer.send('{"type":"Metadata","transaction_key":"deprecated","request_id":"8c8ebea9"}');
    peer.send('{"type":"SomethingNew"}');
    peer.send(results(0, 0.02, "Still here."));
    expect((await rig.transcription()).text).toBe("Still here.");
    expect(rig.errors.all).toHaveLength(5);
  });
});

describe("a drop in the middle of speech", () => {
  test("loses no word and doubles none: what no final covered is sent again, and the times go on", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    const heard: Transcript[] = [];
    rig.stt.on("transcript", (transcript) => void heard.push(transcript));
    const told: string[] = [];
    rig.stt.on("disconnected", () => void told.push("disconnected"));
    rig.stt.on("reconnected", () => void told.push("reconnected"));
    for (let count = 0; count < 100; count += 1) await rig.speak(20);
    const first = await server.peers.next();
    await first.heard(2 * second);
    first.send(results(0, 1.51, "one two"));
    first.send(results(1.51, 0.49, "thr", { interim: true }));
    await rig.out.next((frame) => frame instanceof InterimTranscriptionFrame);
    first.socket.terminate();
    for (let count = 0; count < 50; count += 1) await rig.speak(20);
    await rig.clock.advance(10);
    const again = await server.peers.next();
    const settled = 48_320;
    await again.heard(3 * second - settled);
    expect(Buffer.concat([first.audio.subarray(0, settled), again.audio]).equals(samples(3))).toBe(true);
    again.send(results(0, 0.8, "three four"));
    expect((await rig.transcription()).text).toBe("three four");
    expect(heard.at(-1)).toMatchObject({ startMs: 1510, endMs: 2310 });
    expect(told).toEqual(["disconnected", "reconnected"]);
    expect(rig.logger.warnings).toEqual([]);
  });

  test("after the end of the voice asks for the words again, at the same place", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const first = await server.peers.next();
    await rig.give(new VADUserStoppedSpeakingFrame());
    await first.messages.next();
    first.socket.terminate();
    await rig.speak(500);
    const again = await server.peers.next();
    await again.heard(1.5 * second);
    expect(again.log).toEqual([second, '{"type":"Finalize"}', second / 2]);
  });

  test("does not ask for words that have come, nor in the middle of speech", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const first = await server.peers.next();
    await rig.give(new VADUserStoppedSpeakingFrame());
    first.send(results(0, 1, "One."));
    await rig.transcription();
    await rig.speak(500);
    first.socket.terminate();
    const next = await server.peers.next();
    await next.heard(second / 2);
    await rig.give(new VADUserStoppedSpeakingFrame());
    await rig.give(new VADUserStartedSpeakingFrame());
    next.socket.terminate();
    const last = await server.peers.next();
    await last.heard(second / 2);
    expect([next.log[0], last.log]).toEqual([second / 2, [second / 2]]);
  });

  test("that lasts too long loses the oldest audio, and says how much", async () => {
    let open = true;
    await using server = await ListenServer.start({
      admit: () => (open ? undefined : { status: "503 Service Unavailable", body: "" }),
    });
    await using rig = await Rig.start(server, {
      maxReplayMs: 1000,
      backoff: { initialDelayMs: 1000, maxDelayMs: 1000, maxAttempts: 10 },
    });
    const lost: number[] = [];
    rig.stt.on("audioLost", (ms) => void lost.push(ms));
    await rig.speak(500);
    const first = await server.peers.next();
    await first.heard(second / 2);
    open = false;
    first.socket.terminate();
    while (server.requests < 2) await settle();
    for (let count = 0; count < 75; count += 1) await rig.speak(20);
    open = true;
    while (server.peers.all.length < 2) await rig.clock.advance(50);
    const again = await server.peers.next();
    await again.heard(second);
    expect(again.audio.equals(samples(2).subarray(second))).toBe(true);
    expect(lost).toEqual([1000]);
    expect(rig.logger.warnings).toMatchObject([{ details: { lostMs: 1000 } }]);
  });
});

describe("a server that", () => {
  test("quotes the key in its reason does not bring it into an error", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { sampleRate: 16_000 });
    (await server.peers.next()).socket.close(1008, "bad: Token 0123456789abcdef0123456789abcdef01234567");
    const error = await rig.errors.next();
    expect(error.message).toBe("the connection closed with code 1008 (bad: [key])");
  });

  // https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors
  test("is half-open is found within 8 s and replaced, and nothing said meanwhile is lost", async () => {
    await using server = await ListenServer.start({ autoPong: false });
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const first = await server.peers.next();
    await first.heard(second);
    first.socket.pause();
    for (let count = 0; count < 79; count += 1) {
      await rig.speak(100);
      await rig.clock.advance(100);
    }
    expect(server.requests).toBe(1);
    await rig.clock.advance(100);
    const again = await server.peers.next();
    await again.heard(8.9 * second);
    expect(again.audio.equals(samples(8.9))).toBe(true);
    await rig.stt.cancel();
  });
});

test("keeps an idle connection with KeepAlive, as text, every 4 seconds", async () => {
  await using server = await ListenServer.start();
  await using rig = await Rig.start(server, { sampleRate: 16_000, heartbeat: false });
  const peer = await server.peers.next();
  while (!rig.stt.isConnected) await settle();
  await rig.clock.advance(3000);
  await rig.speak(20);
  await rig.clock.advance(3999);
  await peer.heard(640);
  expect(peer.log).toEqual([640]);
  await rig.clock.advance(4001);
  // https://developers.deepgram.com/docs/keep-alive
  expect(await peer.messages.next()).toBe('{"type":"KeepAlive"}');
  expect(await peer.messages.next()).toBe('{"type":"KeepAlive"}');
});

test("a slow consumer loses nothing, and slows Deepgram down", async () => {
  await using server = await ListenServer.start();
  await using rig = await Rig.start(server, { queueCapacity: 8 });
  await rig.speak(1000);
  const peer = await server.peers.next();
  const held = Promise.withResolvers<void>();
  rig.gate = held.promise;
  const count = 2000;
  const filler = "x".repeat(12_000);
  for (let index = 0; index < count; index += 1) peer.send(results(index / 1000, 0.001, `${index} ${filler}`));
  for (let turns = 0; turns < 50; turns += 1) await settle();
  // Only a part fits into the network: the rest still waits at the server.
  expect(peer.socket.bufferedAmount).toBeGreaterThan(5_000_000);
  held.resolve();
  for (let index = 0; index < count; index += 1) {
    expect(Number.parseInt((await rig.transcription()).text, 10)).toBe(index);
  }
});

describe("an ordered stop", () => {
  test("asks for the last words, waits for them and the close, and lets the EndFrame out after them", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const peer = await server.peers.next();
    const ended = rig.end();
    // https://developers.deepgram.com/docs/close-stream
    expect(await peer.messages.next()).toBe('{"type":"CloseStream"}');
    peer.send(results(0, 1, "Last words."));
    peer.send(
      '{"type":"Metadata","transaction_key":"deprecated","request_id":"8c8ebea9-dbec-45fa-a035-e4632cb05b5f","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","created":"2024-08-29T22:37:55.202Z","duration":0.0,"channels":0}',
    );
    peer.socket.close(1000);
    await ended;
    const order = rig.out.all.filter((frame) => frame instanceof TranscriptionFrame || frame instanceof EndFrame);
    expect(order.map((frame) => frame.constructor.name)).toEqual(["TranscriptionFrame", "EndFrame"]);
    await server.quiet();
    expect(server.requests).toBe(1);
    expect(rig.clock.pending).toBe(0);
    expect(rig.errors.all).toEqual([]);
    expect(rig.logger.warnings).toEqual([]);
  });

  test("waits for a connection that is still being made", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const ended = rig.end();
    const peer = await server.peers.next();
    await peer.messages.next();
    expect(peer.log).toEqual([second, '{"type":"CloseStream"}']);
    peer.send(results(0, 1, "Quick."));
    peer.socket.close(1000);
    await ended;
    expect(await rig.stt.connect().then(() => rig.stt.isConnected)).toBe(true);
    await rig.stt.cancel();
    expect(rig.out.all.some((frame) => frame instanceof TranscriptionFrame && frame.text === "Quick.")).toBe(true);
  });

  test("waits no longer than its limit", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { timeouts: { stopMs: 1000 }, heartbeat: false });
    await rig.speak(20);
    const peer = await server.peers.next();
    await peer.heard(640);
    const ended = rig.end();
    await peer.messages.next();
    await rig.clock.advance(999);
    expect(await stateOf(ended)).toBe("pending");
    await rig.clock.advance(1);
    await ended;
    expect(rig.logger.warnings).toHaveLength(1);
    expect(rig.clock.pending).toBe(0);
    await server.quiet();
  });

  test("of what never connected, and a cancel, leave nothing", async () => {
    await using server = await ListenServer.start();
    const idle = await Rig.start(server);
    await idle.end();
    const busy = await Rig.start(server);
    await busy.speak(1000);
    const peer = await server.peers.next();
    await peer.heard(second);
    await busy.stt.cancel();
    await server.quiet();
    expect(peer.log).toEqual([second]);
    expect([idle.clock.pending, busy.clock.pending]).toEqual([0, 0]);
    expect([...idle.logger.warnings, ...busy.logger.warnings]).toEqual([]);
  });

  test("the service can be used again, from the beginning", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    await server.peers.next();
    await rig.stt.cancel();
    rig.stt.start();
    const peer = await server.peers.next();
    await rig.speak(1000);
    await peer.heard(second);
    expect(peer.log).toEqual([second]);
  });
});

describe("settings changed while running", () => {
  test("take over with a new connection; no speech is lost", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { language: "en" });
    await rig.speak(1000);
    const first = await server.peers.next();
    await first.heard(second);
    first.send(results(0, 0.4, "Hello"));
    await rig.transcription();
    await rig.give(new STTUpdateSettingsFrame({ language: "de", endpointing: 200 }));
    const next = await server.peers.next();
    expect(next.query).toMatchObject({ language: "de", endpointing: "200", model: "nova-3" });
    await rig.speak(500);
    await next.heard(1.1 * second);
    expect(next.audio.equals(samples(1.5).subarray(0.4 * second))).toBe(true);
    next.send(results(0, 0.6, "Welt"));
    expect((await rig.transcription()).text).toBe("Welt");
    expect(rig.stt.settings).toMatchObject({ language: "de", endpointing: 200 });
    expect(rig.errors.all).toEqual([]);
  });

  test("that Deepgram refuses do not hold: the old connection serves on", async () => {
    await using server = await ListenServer.start({
      admit: (index) => (index === 0 ? undefined : { status: "400 Bad Request", body: '{"err_code":"Bad Request"}' }),
    });
    await using rig = await Rig.start(server);
    await rig.speak(1000);
    const peer = await server.peers.next();
    await peer.heard(second);
    expect(await rejection(rig.stt.updateSettings({ model: "nova-9" }))).toMatchObject({ status: 400 });
    expect(rig.stt.settings.model).toBe("nova-3");
    peer.send(results(0, 1, "Still here."));
    expect((await rig.transcription()).text).toBe("Still here.");
  });

  test("go back to their defaults when they are undefined; those that cannot be used are refused by name", async () => {
    await using server = await ListenServer.start();
    await using rig = await Rig.start(server, { model: "nova-2", punctuate: false });
    await rig.stt.updateSettings({ model: undefined, punctuate: undefined });
    expect(rig.stt.settings).toMatchObject({ model: "nova-3", punctuate: true });
    await rig.give(new STTUpdateSettingsFrame({ model: 7 }));
    expect(await rig.errors.next()).toMatchObject({ code: "invalid_argument", field: "model" });
    expect(rig.stt.settings.model).toBe("nova-3");
    expect(server.requests).toBe(0);
  });
});

/** The first seconds of what a rig speaks. */
function samples(seconds: number): Buffer {
  const all = Int16Array.from({ length: seconds * 16_000 }, (_, index) => index % 30_000);
  return Buffer.from(all.buffer);
}
