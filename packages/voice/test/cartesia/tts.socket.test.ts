import { InterruptionFrame, LLMFullResponseEndFrame, LLMFullResponseStartFrame, LLMTextFrame } from "turnwire";
import { TTSAudioRawFrame, TTSStartedFrame, TTSUpdateSettingsFrame } from "turnwire/internal";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CartesiaTTSService, type CartesiaTTSServiceOptions } from "../../src/cartesia/index.ts";
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
  words,
} from "../tts/tts-support.ts";

// The messages are those of https://docs.cartesia.ai/2026-03-01/api-reference/tts/websocket and
// https://docs.cartesia.ai/use-the-api/tts-websocket/contexts.
const chunk = (context: unknown, audio: Uint8Array): string =>
  `{"type":"chunk","data":"${Buffer.from(audio).toString("base64")}","done":false,"status_code":206,"step_time":123,"context_id":"${String(context)}"}`;
const done = (context: unknown): string =>
  `{"type":"done","done":true,"status_code":206,"context_id":"${String(context)}"}`;
const flushDone = (context: unknown): string =>
  `{"type":"flush_done","done":false,"flush_done":true,"flush_id":1,"status_code":206,"context_id":"${String(context)}"}`;
const failure = (context: unknown): string =>
  '{"type":"error","done":true,"title":"Invalid model","message":"The model is not valid, make sure it is a valid model ID.",' +
  `"error_code":"model_not_found","status_code":400,"context_id":"${String(context)}"}`;

/** The words of a text, with their times at 10 ms a character, from a place in the context's audio on. */
function timestamps(context: unknown, text: string, fromCharacter = 0): string {
  const found = [...text.matchAll(/\S+/g)];
  const start = found.map((match) => (fromCharacter + match.index) / 100);
  const end = found.map((match) => (fromCharacter + match.index + match[0].length) / 100);
  const word_timestamps = { words: found.map((match) => match[0]), start, end };
  return JSON.stringify({ type: "timestamps", done: false, status_code: 206, context_id: context, word_timestamps });
}

function service(server: ScriptedSpeechServer, options: CartesiaTTSServiceOptions = {}): CartesiaTTSService {
  return new CartesiaTTSService({ apiKey: "k", baseURL: server.url, sampleRate, ...options });
}

/** Speaks each input as it comes, with its words, and says when the context is done. */
class Speaker {
  readonly #spoken = new Map<unknown, number>();

  readonly answer = (message: Record<string, unknown>, caller: Caller): void => {
    const { context_id: context, transcript } = message;
    if (message["cancel"] === true) return;
    this.say(String(transcript), context, caller);
    if (message["continue"] === false) caller.send(done(context));
  };

  say(text: string, context: unknown, caller: Caller): void {
    const from = this.#spoken.get(context) ?? 0;
    if (text === "") return;
    this.#spoken.set(context, from + text.length);
    caller.send(chunk(context, speak(text)), timestamps(context, text, from), flushDone(context));
  }
}

afterEach(() => void vi.unstubAllEnvs());

describe("CartesiaTTSService", () => {
  it("speaks an answer in a context, with its words at their times", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start(speaker.answer);
    // Time stands still: nothing goes out only because it has to be played.
    const clock = new VirtualClock();
    const tts = service(server, { environment: { clock }, heartbeat: false, voice: "v", speed: 1.2, emotion: "calm" });
    await using talk = await talkWith(tts);
    const said = "Hello, world, and all who live in it! Here I am.";
    await talk.give(...answer(said.slice(0, 38), said.slice(38)));
    await talk.saw(LLMFullResponseEndFrame);
    const [caller] = server.callers;
    expect(caller?.url.pathname).toBe("/tts/websocket");
    expect(caller?.headers).toMatchObject({ "x-api-key": "k", "cartesia-version": "2026-03-01" });
    expect(caller?.url.search).toBe("");
    const same = {
      model_id: "sonic-3",
      voice: { mode: "id", id: "v" },
      language: "en",
      output_format: { container: "raw", encoding: "pcm_s16le", sample_rate: 8000 },
      add_timestamps: true,
      use_normalized_timestamps: false,
      max_buffer_delay_ms: 0,
      generation_config: { speed: 1.2, emotion: "calm" },
      context_id: expect.stringMatching(/^[\w-]+$/) as unknown,
    };
    expect(caller?.received).toEqual([
      { ...same, transcript: "Hello, world, and all who live in it! ", continue: true },
      { ...same, transcript: "Here I am.", continue: true },
      { ...same, transcript: "", continue: false },
    ]);
    expect(new Set(caller?.received.map((message) => message["context_id"])).size).toBe(1);
    expect(heard(talk.out)).toBe(said);
    expect(words(talk.out)).toBe(said);
    // The first audio goes out before its words are known; the other words stand where they belong.
    const frames = gist(talk.out);
    expect(frames.slice(2, 4)).toEqual(["audio 250", '"Hello, world, and all who"']);
    expect(frames.slice(frames.indexOf('" Here"') - 1)).toEqual([
      "audio 50",
      '" Here"',
      "audio 20",
      '" I"',
      "audio 40",
      '" am."',
      "TTSStoppedFrame",
      "LLMFullResponseEndFrame",
    ]);
    expect(talk.errors).toEqual([]);
  });

  it("cancels an interrupted context and takes nothing of it any more", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      const { context_id: context, transcript } = message;
      if (message["cancel"] === true)
        caller.send(chunk(context, speak(" late")), timestamps(context, "late"), done(context));
      else if (transcript === "Old one.") caller.send(chunk(context, speak("Old")));
      else if (
        !server.received.some((other) => other["transcript"] === "Old one." && other["context_id"] === context)
      ) {
        speaker.answer(message, caller);
      }
    });
    await using talk = await talkWith(service(server));
    await talk.give(...answer("Old one."));
    await talk.saw(TTSAudioRawFrame);
    await talk.give(new InterruptionFrame());
    await talk.give(...answer("New."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(server.received.find((message) => message["cancel"] === true)).toEqual({
      context_id: server.received[0]?.["context_id"],
      cancel: true,
    });
    expect(heard(talk.out)).toBe("OldNew.");
    expect(words(talk.out)).toBe("New.");
  });

  it("goes over to another context when one has expired", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      speaker.answer(message, caller);
      // The server's own end: a second after the last audio.
      if (message["transcript"] === "First. ") caller.send(done(message["context_id"]));
    });
    await using talk = await talkWith(service(server));
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("First. S"));
    await until(() => heard(talk.out) === "First. ");
    await settle();
    await talk.give(new LLMTextFrame("econd."), new LLMFullResponseEndFrame());
    await talk.saw(LLMFullResponseEndFrame);
    expect(words(talk.out)).toBe("First. Second.");
    expect(heard(talk.out)).toBe("First. Second.");
    expect(new Set(server.received.map((message) => message["context_id"])).size).toBe(2);
    expect(gist(talk.out).filter((line) => line.startsWith("TTS"))).toEqual(["TTSStartedFrame", "TTSStoppedFrame"]);
    expect(talk.errors).toEqual([]);
  });

  it("ends a context that has been silent before it can expire", async () => {
    const speaker = new Speaker();
    const clock = new VirtualClock();
    await using server = await ScriptedSpeechServer.start(speaker.answer);
    await using talk = await talkWith(service(server, { environment: { clock }, heartbeat: false }));
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("First. S"));
    await clock.advance(10);
    await until(() => heard(talk.out) === "First. ");
    // Cartesia's last message about the sentence comes after its audio.
    for (let turn = 0; turn < 5; turn += 1) await settle();
    await clock.advance(900);
    await talk.give(new LLMTextFrame("econd."), new LLMFullResponseEndFrame());
    await talk.saw(LLMFullResponseEndFrame);
    const inputs = server.received.map((message) => [message["transcript"], message["continue"]]);
    expect(inputs).toEqual([
      ["First. ", true],
      ["", false],
      ["Second.", true],
      ["", false],
    ]);
    expect(words(talk.out)).toBe("First. Second.");
    expect(heard(talk.out)).toBe("First. Second.");
  });

  it("says the text again that an expired context did not see", async () => {
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      const { context_id: context, transcript } = message;
      if (transcript === "First. ") {
        caller.send(chunk(context, speak("First. ")), timestamps(context, "First."));
      } else if (transcript === "Second. " && server.received.length === 2) caller.send(done(context));
      else if (transcript === "Second. " || transcript === "Third.") {
        caller.send(
          chunk(context, speak(transcript)),
          timestamps(context, transcript, transcript === "Third." ? 8 : 0),
        );
      } else if (message["continue"] === false) caller.send(done(context));
    });
    await using talk = await talkWith(service(server));
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("First. Second. T"));
    await until(() => heard(talk.out) === "First. Second. ");
    await talk.give(new LLMTextFrame("hird."), new LLMFullResponseEndFrame());
    await talk.saw(LLMFullResponseEndFrame);
    expect(words(talk.out)).toBe("First. Second. Third.");
    expect(heard(talk.out)).toBe("First. Second. Third.");
  });

  it("reports an error about what was not begun, and goes on with the next utterance", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["model_id"] === "nothing") caller.send(failure(message["context_id"]));
      else speaker.answer(message, caller);
    });
    const tts = service(server, { model: "nothing" });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello."), new TTSUpdateSettingsFrame({ model: undefined }), ...answer("Again."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(talk.errors).toMatchObject([{ code: "model_not_found", status: 400 }]);
    expect(talk.errors[0]?.message).toBe(
      "Cartesia: Invalid model: The model is not valid, make sure it is a valid model ID.",
    );
    expect(heard(talk.out)).toBe("Again.");
    expect(server.callers).toHaveLength(1);
  });

  it("reports errors of older versions, and what cannot be read", async () => {
    await using server = await ScriptedSpeechServer.start(undefined, (caller) =>
      caller.send(
        '{"type":"error","done":true,"error":"Invalid model: The model is not valid.","status_code":400}',
        '{"type":"chunk","data":3}',
        '{"type":"timestamps","word_timestamps":{"words":["a"]}}',
        "[]",
        '{"type":"something_new"}',
      ),
    );
    await using talk = await talkWith(service(server));
    await until(() => talk.errors.length === 4);
    expect(talk.errors.map(({ code }) => code)).toEqual([
      "provider_error",
      "unreadable_message",
      "unreadable_message",
      "unreadable_message",
    ]);
  });

  it("says the rest again after a drop, from the word it was lost in", async () => {
    const speaker = new Speaker();
    await using server = await ScriptedSpeechServer.start((message, caller, connection) => {
      const { context_id: context, transcript } = message;
      if (connection === 2) speaker.answer(message, caller);
      else if (transcript === "One two three four.") {
        caller.send(timestamps(context, "One two three four."));
        caller.socket.send(chunk(context, speak("One two thr")), () => caller.socket.terminate());
      }
    });
    await using talk = await talkWith(service(server, { logger: new RecordingLogger() }));
    await talk.give(...answer("One two three four."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(server.callers[1]?.received[0]).toMatchObject({ transcript: " three four." });
    expect(words(talk.out)).toBe("One two three four.");
    expect(heard(talk.out)).toBe("One two thr three four.");
    expect(talk.errors).toEqual([]);
  });

  it("says which key is missing", async () => {
    vi.stubEnv("CARTESIA_API_KEY", "");
    await using talk = await talkWith(new CartesiaTTSService({ baseURL: "ws://127.0.0.1:1" }));
    await until(() => talk.errors.length > 0);
    expect(talk.errors[0]?.message).toContain("CARTESIA_API_KEY");
  });

  it("stops during speech, and leaves nothing open", async () => {
    const clock = new VirtualClock();
    await using server = await ScriptedSpeechServer.start((message, caller) => {
      if (message["transcript"] === "Begun and never ended.") caller.send(chunk(message["context_id"], speak("Begun")));
    });
    const tts = service(server, { environment: { clock } });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Begun and never ended."));
    await talk.saw(TTSStartedFrame);
    await tts.stop();
    await talk.saw(LLMFullResponseEndFrame);
    await until(() => server.openCount === 0);
    expect(server.received.at(-1)).toMatchObject({ cancel: true });
    expect(clock.pending).toBe(0);
  });
});
