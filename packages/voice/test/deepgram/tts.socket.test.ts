import { DeepgramTTSService, type DeepgramTTSServiceOptions } from "../../src/deepgram/index.ts";
import { EndFrame, type Frame, InterruptionFrame, LLMFullResponseEndFrame, MetricsFrame } from "turnwire";
import { TTSSpeakFrame, TTSAudioRawFrame, TTSStartedFrame, TTSUpdateSettingsFrame } from "turnwire/internal";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RecordingLogger, settle, until, VirtualClock } from "@turnwire/test-kit";
import {
  answer,
  type Caller,
  gist,
  heard,
  sampleRate,
  ScriptedSpeechServer,
  speak,
  talkWith,
  Turnstile,
  words,
} from "../tts/tts-support.ts";

// The messages are those of https://developers.deepgram.com/reference/text-to-speech/speak-streaming and of
// https://developers.deepgram.com/docs/tts-ws-flush, tts-ws-clear and tts-ws-close.
const metadata =
  '{"type":"Metadata","request_id":"550e8400-e29b-41d4-a716-446655440000","model_name":"aura-2-thalia-en",' +
  '"model_version":"2025-03-07.0","model_uuid":"0bb159e1-5c0a-48fb-aa29-ed7c0401f116"}';
const flushed = '{"type":"Flushed","sequence_id":0}';
const cleared = '{"type":"Cleared","sequence_id":0}';

function service(server: ScriptedSpeechServer, options: DeepgramTTSServiceOptions = {}): DeepgramTTSService {
  return new DeepgramTTSService({ apiKey: "k", baseURL: server.url, sampleRate, ...options });
}

/** The text that was given to a connection. */
function saidTo(caller: Caller): string {
  return caller.received.map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** Speaks at every flush what it was given since the last. */
class Speaker {
  readonly #unspoken = new Map<Caller, string>();

  /** The text it is to speak now; undefined while it only listens. */
  hear(message: Record<string, unknown>, caller: Caller): string | undefined {
    const text = this.#unspoken.get(caller) ?? "";
    if (message["type"] === "Speak") this.#unspoken.set(caller, text + String(message["text"]));
    if (message["type"] !== "Flush") return undefined;
    this.#unspoken.set(caller, "");
    return text;
  }

  readonly answer = (message: Record<string, unknown>, caller: Caller): void => {
    const text = this.hear(message, caller);
    if (text !== undefined) caller.send(speak(text), flushed);
    if (message["type"] === "Clear") {
      this.#unspoken.set(caller, "");
      caller.send(cleared);
    }
    if (message["type"] === "Close") caller.socket.close(1000);
  };
}

afterEach(() => void vi.unstubAllEnvs());

describe("DeepgramTTSService", () => {
  it("asks for a voice in the address, speaks sentence by sentence, and takes leave", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start(speaker.answer, (caller) => caller.send(metadata));
    const tts = service(server, { speed: 1.1, mipOptOut: true });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello there. ", "How are", " you?"), new EndFrame());
    await talk.finished;
    const [caller] = server.callers;
    expect(caller?.url.pathname).toBe("/v1/speak");
    expect(Object.fromEntries(caller?.url.searchParams ?? [])).toEqual({
      model: "aura-2-thalia-en",
      encoding: "linear16",
      sample_rate: "8000",
      speed: "1.1",
      mip_opt_out: "true",
    });
    expect(caller?.headers["authorization"]).toBe("Token k");
    expect(caller?.received).toEqual([
      { type: "Speak", text: "Hello there. " },
      { type: "Flush" },
      { type: "Speak", text: "How are you?" },
      { type: "Flush" },
      { type: "Close" },
    ]);
    expect(heard(talk.out)).toBe("Hello there. How are you?");
    expect(words(talk.out)).toBe("Hello there. How are you?");
    expect(gist(talk.out).slice(-3)).toEqual(["TTSStoppedFrame", "LLMFullResponseEndFrame", "EndFrame"]);
    expect(talk.errors).toEqual([]);
    const ttfb = talk.out.find((frame) => frame instanceof MetricsFrame);
    expect(ttfb?.data).toMatchObject([{ type: "ttfb", model: "aura-2-thalia-en" }]);
  });

  it("says what the text was before the connection was there", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start(speaker.answer);
    const key = Promise.withResolvers<string>();
    const tts = service(server, { apiKey: () => key.promise });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Early."));
    await settle();
    key.resolve("late");
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toBe("Early.");
  });

  it("lets nothing through that comes before its Clear is confirmed, and no stale answer end what comes next", async () => {
    const speaker = new Speaker();
    let clears = 0;
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      const text = speaker.hear(message, caller);
      if (text === "Old one. ") caller.send(speak("Old"));
      else if (text !== undefined && text !== "Old two.") caller.send(speak(text), flushed);
      if (message["type"] !== "Clear") return;
      clears += 1;
      // Audio that was on its way, then the confirmation, then the answer to a flush from before.
      caller.send(speak(" one."), flushed, cleared, flushed);
    });
    const tts = service(server);
    await using talk = await talkWith(tts);
    await talk.give(...answer("Old one. Old two."));
    await talk.saw(TTSAudioRawFrame);
    await talk.give(new InterruptionFrame());
    await talk.give(...answer("New."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(clears).toBe(1);
    expect(heard(talk.out)).toBe("OldNew.");
    expect(words(talk.out.slice(talk.out.findIndex((frame) => frame instanceof InterruptionFrame)))).toBe("New.");
  });

  it("sends no Clear when there is no speech", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start(speaker.answer);
    await using talk = await talkWith(service(server));
    await talk.give(...answer("Done."));
    await talk.saw(LLMFullResponseEndFrame);
    await talk.give(new InterruptionFrame(), ...answer("More."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(server.received.map(({ type }) => type)).toEqual(["Speak", "Flush", "Speak", "Flush"]);
  });

  it("replaces a connection that does not confirm a Clear", async () => {
    const speaker = new Speaker();
    const clock = new VirtualClock();
    await using server = await ScriptedSpeechServer.start((message, caller, connection) => {
      const text = speaker.hear(message, caller);
      if (text !== undefined)
        caller.send(speak(connection === 1 ? "Old" : text), ...(connection === 1 ? [] : [flushed]));
    });
    const tts = service(server, { environment: { clock }, heartbeat: false });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Old."));
    await talk.saw(TTSAudioRawFrame);
    await talk.give(new InterruptionFrame());
    await talk.give(...answer("New."));
    await until(() => server.received.filter(({ type }) => type === "Speak").length === 2);
    await clock.advance(2000);
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(heard(talk.out)).toBe("OldNew.");
    expect(server.callers).toHaveLength(2);
    expect(talk.errors).toEqual([]);
  });

  it("says the rest again after a drop, no word lost and none twice", async () => {
    const speaker = new Speaker();
    const logger = new RecordingLogger();
    let dropped = false;
    await using server = await ScriptedSpeechServer.start((message, caller, connection) => {
      const text = speaker.hear(message, caller);
      if (text === undefined || (dropped && connection === 1)) return;
      if (text.startsWith("The second") && connection === 1) {
        dropped = true;
        caller.socket.send(speak(text).subarray(0, 900), () => caller.socket.terminate());
      } else caller.send(speak(text), flushed);
    });
    const tts = service(server, { logger });
    await using talk = await talkWith(tts);
    const said = "The first sentence. The second sentence is longer. The third.";
    await talk.give(...answer(said));
    await talk.saw(LLMFullResponseEndFrame);
    expect(words(talk.out)).toBe(said);
    expect(server.callers).toHaveLength(2);
    const [first, second] = server.callers.map(saidTo);
    expect(first).toBe(said);
    // From a word of the second sentence on; the first had been said.
    expect(said.endsWith(second ?? "none")).toBe(true);
    expect(second).toMatch(/ The third\.$/);
    expect(second).not.toContain("first");
    expect(talk.errors).toEqual([]);
  });

  it("gives up on a server that accepts and closes, says so once, and tries again for the next utterance", async () => {
    const speaker = new Speaker();
    let accepts = false;
    await using server = await ScriptedSpeechServer.start(speaker.answer, (caller) => {
      if (!accepts) caller.socket.close(1011, "internal error");
    });
    const tts = service(server, { backoff: { initialDelayMs: 1, maxDelayMs: 2 } });
    const errors: string[] = [];
    tts.on("connectionError", (error) => void errors.push(error.code));
    await using talk = await talkWith(tts);
    await until(() => talk.errors.length > 0);
    expect(talk.errors).toMatchObject([{ code: "connection_unstable" }]);
    expect(errors).toEqual(["connection_unstable"]);
    expect(server.callers).toHaveLength(3);
    expect(tts.isConnected).toBe(false);
    await talk.give(...answer("Nobody hears this."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.errors).toHaveLength(2);
    expect(words(talk.out)).toBe("");
    accepts = true;
    await talk.give(...answer("Hello again."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(heard(talk.out)).toBe("Hello again.");
  });

  it("says why it is refused, without the key", async () => {
    await using server = await ScriptedSpeechServer.start(undefined, undefined, { accepts: () => 401 });
    const tts = service(server, { apiKey: "secret-key" });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.errors[0]).toMatchObject({ code: "connection_refused", status: 401 });
    expect(talk.errors.map(String).join()).not.toContain("secret");
  });

  it("says which key is missing", async () => {
    vi.stubEnv("DEEPGRAM_API_KEY", "");
    await using talk = await talkWith(new DeepgramTTSService({ baseURL: "ws://127.0.0.1:1" }));
    await until(() => talk.errors.length > 0);
    expect(talk.errors[0]?.message).toContain("DEEPGRAM_API_KEY");
  });

  it("replaces a connection that gives no audio, and goes on with the next utterance", async () => {
    const speaker = new Speaker();
    const clock = new VirtualClock();
    await using server = await ScriptedSpeechServer.start((message, caller, connection) => {
      if (connection > 1) speaker.answer(message, caller);
    });
    const tts = service(server, { environment: { clock }, timeouts: { responseMs: 800 }, heartbeat: false });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Silence."), ...answer("Sound."));
    await until(() => server.received.length === 2);
    await clock.advance(800);
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(talk.errors).toMatchObject([{ code: "timeout", limitMs: 800 }]);
    expect(heard(talk.out)).toBe("Sound.");
  });

  it("reads no more than a slow consumer takes", async () => {
    const turnstile = new Turnstile({ capacity: 1 });
    const long = "x".repeat(200);
    const messages = 300;
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["type"] !== "Flush") return;
      for (let count = 0; count < messages; count += 1) caller.send(speak(long));
      caller.send(flushed);
    });
    const tts = service(server);
    await using talk = await talkWith(tts, [turnstile]);
    await talk.give(...answer("A flood."));
    await until(() => (server.callers[0]?.socket.bufferedAmount ?? 0) > 1_000_000);
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect(server.callers[0]?.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    turnstile.let(100_000);
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toHaveLength(messages * long.length);
    expect(talk.errors).toEqual([]);
  });

  it("takes another voice from the next utterance on, over a connection of its own", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start(speaker.answer);
    const tts = service(server);
    await using talk = await talkWith(tts);
    const [start, text, ...rest] = answer("First. ", "Still the first.") as [Frame, Frame, ...Frame[]];
    await talk.give(start, text, new TTSUpdateSettingsFrame({ model: "aura-2-apollo-en" }), ...rest);
    await talk.give(...answer("Second."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    const said = server.callers.map((caller) => [caller.url.searchParams.get("model"), saidTo(caller)]);
    expect(said).toEqual([
      ["aura-2-thalia-en", "First. Still the first."],
      ["aura-2-apollo-en", "Second."],
    ]);
    expect(heard(talk.out)).toBe("First. Still the first.Second.");
    await until(() => server.openCount === 1);
    tts.updateSettings({ model: "aura-2-zeus-en" });
    // No caller has to wait for the connection then.
    await until(() => server.callers.length === 3);
    expect(server.callers[2]?.url.searchParams.get("model")).toBe("aura-2-zeus-en");
  });

  it("keeps the voice it has when the other one is refused, and says so", async () => {
    const speaker = new Speaker();
    let status = 101;
    let asked = 0;
    const accepts = (): number => {
      asked += 1;
      return status;
    };
    await using server = await ScriptedSpeechServer.start(speaker.answer, undefined, { accepts });
    const tts = service(server);
    await using talk = await talkWith(tts);
    await until(() => tts.isConnected);
    status = 400;
    tts.updateSettings({ model: "nobody" });
    await until(() => talk.errors.length > 0);
    expect(talk.errors).toMatchObject([{ status: 400 }]);
    expect(asked).toBe(2);
    await talk.give(...answer("Not in this voice."));
    await talk.saw(LLMFullResponseEndFrame);
    for (let turn = 0; turn < 10; turn += 1) await settle();
    // Once more for the utterance, and not again until there is another.
    expect(asked).toBe(3);
    expect(talk.errors).toHaveLength(2);
    tts.updateSettings({ model: undefined });
    await talk.give(...answer("Back."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(heard(talk.out)).toBe("Back.");
    expect(talk.errors).toHaveLength(2);
  });

  it("spends no more flushes than Deepgram takes, and says everything", async () => {
    const speaker = new Speaker();
    let flushes = 0;
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["type"] === "Flush") flushes += 1;
      speaker.answer(message, caller);
    });
    await using talk = await talkWith(
      service(server, { environment: { clock: new VirtualClock() }, heartbeat: false }),
    );
    const said = Array.from({ length: 40 }, (_, index) => `This is number ${index} of them. `).join("");
    await talk.give(...answer(said));
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toBe(said);
    expect(flushes).toBeLessThanOrEqual(12);
  });

  it.each([
    '{"type":"Warning","description":"Too many flushes in the last minute","code":"EXCESSIVE_FLUSH"}',
    // As users quote it.
    '{"type":"Warning","warn_code":"EXCESSIVE_FLUSH","warn_msg":"Too many flushes in the last minute"}',
  ])("passes on what Deepgram complains about: %s", async (warning) => {
    const logger = new RecordingLogger();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["type"] === "Flush") caller.send(warning);
    });
    await using talk = await talkWith(service(server, { logger }));
    await talk.give(...answer("Hello."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(logger.warnings).toMatchObject([{ details: { code: "EXCESSIVE_FLUSH" } }]);
    expect(talk.errors).toMatchObject([{ code: "EXCESSIVE_FLUSH" }]);
    server.callers[0]?.send('{"type":"Error","description":"Something broke","variant":"SYNTHESIS"}', "not JSON");
    await until(() => talk.errors.length === 3);
    expect(talk.errors.slice(1)).toMatchObject([{ code: "SYNTHESIS" }, { code: "unreadable_message" }]);
  });

  it("stops during speech, and leaves nothing open", async () => {
    const clock = new VirtualClock();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["type"] === "Flush") caller.send(speak("Begun"));
      if (message["type"] === "Close") caller.socket.close(1000);
    });
    const tts = service(server, { environment: { clock } });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Begun and never ended."));
    await talk.saw(TTSStartedFrame);
    await tts.stop();
    await talk.saw(LLMFullResponseEndFrame);
    await until(() => server.openCount === 0);
    expect(server.received.at(-1)).toEqual({ type: "Close" });
    expect(clock.pending).toBe(0);
    expect(talk.errors).toEqual([]);
    await talk.give(new TTSSpeakFrame("Up again."));
    await until(() => server.callers.length === 2);
    await talk.task.cancel();
    await until(() => server.openCount === 0);
    expect(clock.pending).toBe(0);
  });
});
