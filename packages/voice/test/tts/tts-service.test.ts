import fc from "fast-check";
import {
  EndFrame,
  type Frame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  LLMThoughtTextFrame,
  MetricsFrame,
  ProviderError,
} from "turnwire";
import {
  InterimTranscriptionFrame,
  TTSAudioRawFrame,
  TTSSpeakFrame,
  TTSStoppedFrame,
  TTSTextFrame,
  TTSUpdateSettingsFrame,
} from "turnwire/internal";
import { describe, expect, it } from "vitest";
import { withoutMarkdown } from "../../src/tts/index.ts";
import { settle, until, VirtualClock } from "@turnwire/test-kit";
import { answer, bytesPerCharacter, FakeTTS, gist, heard, speak, talkWith, Turnstile, words } from "./tts-support.ts";

describe("speech", () => {
  it("comes out as audio with the words after it, between its start and its stop", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hi ", "there. How", " are you?"));
    await talk.saw(LLMFullResponseEndFrame);
    expect(tts.asked).toEqual(["say 1 Hi there. ", "say 1 How are you?", "finish 1"]);
    expect(heard(talk.out)).toBe("Hi there. How are you?");
    expect(words(talk.out)).toBe("Hi there. How are you?");
    const order = gist(talk.out);
    expect([order[0], order[1], order.at(-2), order.at(-1)]).toEqual([
      "LLMFullResponseStartFrame",
      "TTSStartedFrame",
      "TTSStoppedFrame",
      "LLMFullResponseEndFrame",
    ]);
    const ids = talk.out.map((frame) => ("utteranceId" in frame ? frame.utteranceId : undefined));
    expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(1);
  });

  it("puts each word right after its last sample when the provider times it", async () => {
    const tts = new FakeTTS({ exact: true });
    await using talk = await talkWith(tts);
    tts.onFinish = () => {
      tts.timestamps(1, [
        ["Hello", 50],
        ["big", 90],
      ]);
      void tts
        .audio(1, speak("Hello big world."))
        .then(() => tts.timestamps(1, [["world.", 160]]))
        .then(() => tts.ended(1));
    };
    await talk.give(...answer("Hello big world."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(gist(talk.out)).toEqual([
      "LLMFullResponseStartFrame",
      "TTSStartedFrame",
      "audio 50",
      '"Hello"',
      "audio 40",
      '" big"',
      "audio 70",
      '" world."',
      "TTSStoppedFrame",
      "LLMFullResponseEndFrame",
    ]);
  });

  it("finds timed words in a text the provider says in its own way", async () => {
    const tts = new FakeTTS({ exact: true, textFilter: withoutMarkdown });
    await using talk = await talkWith(tts);
    tts.onFinish = () => {
      tts.timestamps(1, [
        ["it", 10],
        ["costs", 20],
        ["five", 30],
        ["dollars", 40],
        ["today", 50],
      ]);
      void tts.audio(1, speak("12345")).then(() => tts.ended(1));
    };
    await talk.give(...answer("**It** costs $5, today! 🙂"));
    await talk.saw(LLMFullResponseEndFrame);
    expect(tts.asked[0]).toBe("say 1 It costs $5, today! ");
    expect(gist(talk.out).slice(2, -2)).toEqual([
      "audio 10",
      '"**It**"',
      "audio 10",
      '" costs"',
      "audio 30",
      '" $5, today! 🙂"',
    ]);
  });

  it("lets audio wait for the times of its words, but not longer than it takes to play what is out", async () => {
    const clock = new VirtualClock();
    const tts = new FakeTTS({ exact: true, environment: { clock } });
    await using talk = await talkWith(tts);
    await talk.give(...answer("x".repeat(100)));
    await until(() => tts.asked.length === 2);
    await tts.audio(1, speak("x".repeat(100)));
    expect(heard(talk.out)).toHaveLength(25);
    await clock.advance(100);
    expect(heard(talk.out)).toHaveLength(35);
    // The consumer has run dry for two seconds: that is no reason to hurry now.
    await clock.advance(650);
    expect(heard(talk.out)).toHaveLength(100);
    await clock.advance(2000);
    await tts.audio(1, speak("y".repeat(100)));
    expect(heard(talk.out)).toHaveLength(125);
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toHaveLength(200);
    expect(clock.pending).toBe(0);
  });

  it("spreads words over the audio by their length, and learns how fast the voice is", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    for (let turn = 0; turn < 12; turn += 1) await talk.give(...answer("Some words to learn from."));
    await talk.saw(LLMFullResponseEndFrame, 12);
    talk.out.length = 0;
    await talk.give(...answer("aaaa bbbbb cccc."));
    await talk.saw(LLMFullResponseEndFrame);
    const between = gist(talk.out).slice(2, -2);
    expect(between.filter((line) => line.startsWith('"'))).toEqual(['"aaaa"', '" bbbbb"', '" cccc."']);
    const ms = between.filter((line) => line.startsWith("audio")).map((line) => Number(line.slice(6)));
    // 10 ms a character: 40, 60 and 60.
    expect(ms[0]).toBeGreaterThanOrEqual(38);
    expect(ms[0]).toBeLessThanOrEqual(44);
    expect(ms[1]).toBeGreaterThanOrEqual(56);
    expect(ms[1]).toBeLessThanOrEqual(66);
  });

  it("says what is no part of an answer, too", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    await talk.give(new TTSSpeakFrame("One moment. Please."), ...answer("Here."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(tts.asked).toEqual(["say 1 One moment. ", "say 1 Please.", "finish 1", "say 2 Here.", "finish 2"]);
    expect(heard(talk.out)).toBe("One moment. Please.Here.");
  });

  it("asks for nothing where there is nothing to say, and keeps the text", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    await talk.give(...answer(" \n"), ...answer("***", " 🙂"), ...answer(), new TTSSpeakFrame(""));
    await talk.saw(LLMFullResponseEndFrame, 3);
    expect(tts.asked).toEqual([]);
    expect(gist(talk.out).filter((line) => !line.startsWith("LLM"))).toEqual(['" \\n"', '"*** 🙂"']);
  });

  it("measures the time to the first audio, once an utterance", async () => {
    const clock = new VirtualClock();
    const tts = new FakeTTS({ environment: { clock } });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello there. Friend."));
    await until(() => tts.asked.length === 3);
    await clock.advance(120);
    await tts.audio(1, speak("Hello there. "));
    await tts.audio(1, speak("Friend."));
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    const metrics = talk.out.filter((frame) => frame instanceof MetricsFrame).flatMap(({ data }) => data);
    expect(metrics).toEqual([{ type: "ttfb", processor: tts.name, model: "fake", valueMs: 120 }]);
  });

  it("joins samples that come in two pieces", async () => {
    const tts = new FakeTTS();
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hi."));
    await until(() => tts.asked.length === 2);
    const audio = speak("Hi.");
    await tts.audio(1, audio.subarray(0, 101));
    await tts.audio(1, audio.subarray(101));
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toBe("Hi.");
    expect(talk.out.every((frame) => !(frame instanceof TTSAudioRawFrame) || frame.audio.length % 2 === 0)).toBe(true);
  });

  it("goes on with the text as it is when the filter fails", async () => {
    const tts = new FakeTTS({
      textFilter: () => {
        throw new Error("broken");
      },
      logger: { debug: () => undefined, warn: () => undefined },
    }).obeying();
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello."));
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toBe("Hello.");
  });
});

describe("order", () => {
  it("lets frames out after the words before them", async () => {
    const tts = new FakeTTS({ exact: true });
    await using talk = await talkWith(tts);
    const [start, text, end] = answer("Let me see. ") as [Frame, Frame, Frame];
    const thought = new LLMThoughtTextFrame("hm");
    const calls = new FunctionCallsStartedFrame([{ functionName: "f", toolCallId: "c", arguments: "{}" }]);
    await talk.give(start, text, thought, new LLMTextFrame("It is"), calls, end);
    await until(() => tts.asked.includes("finish 1"));
    expect(gist(talk.out)).toEqual(["LLMFullResponseStartFrame", "TTSStartedFrame"]);
    tts.timestamps(1, [["see", 110]]);
    await tts.audio(1, speak("Let me see. It is"));
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    expect(gist(talk.out).slice(1)).toEqual([
      "TTSStartedFrame",
      "audio 110",
      '"Let me see."',
      "audio 60",
      '" "',
      "LLMThoughtTextFrame",
      '"It is"',
      "TTSStoppedFrame",
      "FunctionCallsStartedFrame",
      "LLMFullResponseEndFrame",
    ]);
  });

  it("does not wait for the end of a sentence when too much waits for it", async () => {
    const tts = new FakeTTS();
    tts.onSay = (text) => void tts.audio(1, speak(text));
    await using talk = await talkWith(tts);
    const thoughts = Array.from({ length: 200 }, () => new LLMThoughtTextFrame("hm"));
    const [start, ...rest] = answer("No end in sight", "; yet it ends.") as [Frame, Frame, Frame, Frame];
    tts.onFinish = (part) => tts.ended(part);
    await talk.give(start, rest[0], ...thoughts, rest[1], rest[2]);
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.out.filter((frame) => frame instanceof LLMThoughtTextFrame)).toEqual(thoughts);
    expect(words(talk.out)).toBe("No end in sight; yet it ends.");
  });

  it("lets what is being said be said before the pipeline ends", async () => {
    const tts = new FakeTTS();
    await using talk = await talkWith(tts);
    await talk.give(...answer("Goodbye."), new EndFrame());
    await until(() => tts.asked.includes("finish 1"));
    await tts.audio(1, speak("Goodbye."));
    expect(talk.out.some((frame) => frame instanceof EndFrame)).toBe(false);
    tts.ended(1);
    await talk.finished;
    expect(heard(talk.out)).toBe("Goodbye.");
    expect(gist(talk.out).at(-1)).toBe("EndFrame");
  });

  it("starts with the next utterance when all audio of the one before has come, though it is not out yet", async () => {
    const turnstile = new Turnstile({ capacity: 1 });
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts, [turnstile]);
    await talk.give(...answer("One."), ...answer("Two."));
    await until(() => tts.asked.includes("finish 2"));
    expect(heard(talk.out)).toBe("");
    turnstile.let(1000);
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(heard(talk.out)).toBe("One.Two.");
  });

  it("takes audio only as fast as it goes out", async () => {
    const turnstile = new Turnstile({ capacity: 1 });
    const tts = new FakeTTS();
    await using talk = await talkWith(tts, [turnstile]);
    await talk.give(...answer("A very long story."));
    await until(() => tts.asked.includes("finish 1"));
    let taken = 0;
    const second = speak("x".repeat(100));
    const sending = (async () => {
      for (; taken < 20; taken += 1) await tts.audio(1, second);
    })();
    for (let turn = 0; turn < 10; turn += 1) await settle();
    // Three seconds are held.
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(6);
    turnstile.let(10_000);
    await sending;
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    expect(heard(talk.out)).toHaveLength(2000);
  });
});

describe("interruption", () => {
  it("drops what is not out, tells the provider at once, and takes no late audio", async () => {
    const tts = new FakeTTS();
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello there. How are you?"));
    await until(() => tts.asked.includes("finish 1"));
    await tts.audio(1, speak("Hello there."));
    await talk.give(new InterruptionFrame());
    await talk.saw(LLMFullResponseEndFrame);
    expect(tts.asked.at(-1)).toBe("drop 1");
    // The assistant's side is to hear of the interruption first.
    const [interruption, end] = talk.pushed.slice(-2);
    expect([interruption, end]).toEqual([expect.any(InterruptionFrame), expect.any(LLMFullResponseEndFrame)]);
    const before = talk.out.length;
    await tts.audio(1, speak(" How are you?"));
    tts.ended(1);
    await settle();
    expect(talk.out).toHaveLength(before);
    const names = gist(talk.out);
    expect(names.at(-1)).toBe("LLMFullResponseEndFrame");
    expect(names).not.toContain("TTSStoppedFrame");
    await talk.give(...answer("Next."));
    await until(() => tts.asked.includes("finish 2"));
    await tts.audio(1, speak("even later"));
    tts.timestamps(1, [["Next.", 10]]);
    tts.ended(1);
    await tts.audio(2, speak("Next."));
    tts.ended(2);
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(heard(talk.out)).toBe("Hello there.Next.");
  });

  it("takes no text of the interrupted answer, and all of the next", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("Old. "));
    const late = new LLMFullResponseStartFrame();
    await talk.give(new InterruptionFrame());
    await talk.give(new LLMTextFrame("Also old. "), new LLMFullResponseEndFrame({ interrupted: true }));
    await talk.give(late, new LLMTextFrame("Older still."), new LLMFullResponseEndFrame({ interrupted: true }));
    await talk.give(new TTSSpeakFrame("Sorry."), ...answer("New."));
    await talk.saw(LLMFullResponseEndFrame, 3);
    expect(heard(talk.out)).toBe("Sorry.New.");
  });

  it("forgets the sentence that was begun", async () => {
    const tts = new FakeTTS().obeying();
    await using talk = await talkWith(tts);
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("Begun but"));
    await talk.give(new InterruptionFrame());
    await talk.give(new LLMFullResponseEndFrame({ interrupted: true }), ...answer("Next."));
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(tts.asked).toEqual(["say 1 Next.", "finish 1"]);
  });

  it("ends the waits for room", async () => {
    const turnstile = new Turnstile({ capacity: 1 });
    const tts = new FakeTTS();
    await using talk = await talkWith(tts, [turnstile]);
    await talk.give(...answer("Long."));
    await until(() => tts.asked.includes("finish 1"));
    const sending = (async () => {
      for (let turn = 0; turn < 10; turn += 1) await tts.audio(1, speak("x".repeat(100)));
    })();
    await settle();
    turnstile.let(1);
    await talk.give(new InterruptionFrame());
    await sending;
    expect(heard(talk.out).length).toBeLessThan(300);
  });
});

describe("failure", () => {
  it("gives up an utterance without audio in time, says so, and goes on", async () => {
    const clock = new VirtualClock();
    const tts = new FakeTTS({ environment: { clock }, timeouts: { responseMs: 500 } });
    await using talk = await talkWith(tts);
    await talk.give(...answer("Hello."), ...answer("Again."));
    await until(() => tts.asked.includes("finish 1"));
    await clock.advance(499);
    expect(talk.errors).toEqual([]);
    await clock.advance(1);
    await until(() => tts.asked.includes("finish 2"));
    expect(talk.errors).toMatchObject([{ code: "timeout", limitMs: 500 }]);
    expect(tts.asked).toEqual(["say 1 Hello.", "finish 1", "drop 1", "say 2 Again.", "finish 2"]);
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.out.findLast((frame) => frame instanceof LLMFullResponseEndFrame)).toMatchObject({
      incompleteReason: "speech_failed",
    });
    await tts.audio(2, speak("Again."));
    tts.ended(2);
    await talk.saw(LLMFullResponseEndFrame, 2);
    expect(talk.out.at(-1)).toMatchObject({ incompleteReason: undefined });
    expect(words(talk.out)).toBe("Again.");
    expect(clock.pending).toBe(0);
  });

  it("gives up one that stops in the middle, and does not count the time the model takes", async () => {
    const clock = new VirtualClock();
    const tts = new FakeTTS({ environment: { clock }, timeouts: { responseMs: 500 }, exact: true });
    await using talk = await talkWith(tts);
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("One two. And "));
    await until(() => tts.asked.length === 1);
    tts.timestamps(1, [["One", 30]]);
    await tts.audio(1, speak("One t"));
    await clock.advance(5000);
    expect(talk.errors).toEqual([]);
    await talk.give(new LLMTextFrame("three."), new LLMFullResponseEndFrame());
    await until(() => tts.asked.includes("finish 1"));
    await clock.advance(500);
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.errors).toMatchObject([{ code: "timeout" }]);
    expect(words(talk.out)).toBe("One");
    expect(gist(talk.out).slice(-2)).toEqual(["TTSStoppedFrame", "LLMFullResponseEndFrame"]);
  });

  it("loses no frame that comes after what failed in the middle of an answer", async () => {
    const clock = new VirtualClock();
    const tts = new FakeTTS({ environment: { clock }, timeouts: { responseMs: 500 } });
    await using talk = await talkWith(tts);
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("One. And"));
    await until(() => tts.asked.length === 1);
    await clock.advance(500);
    const thought = new LLMThoughtTextFrame("hm");
    await talk.give(thought, new LLMTextFrame(" more."), new LLMFullResponseEndFrame());
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.out).toContain(thought);
    expect(words(talk.out)).toBe("");
    expect(tts.asked).toEqual(["say 1 One. ", "drop 1"]);
  });

  it("does not count the time a slow consumer takes", async () => {
    const clock = new VirtualClock();
    const turnstile = new Turnstile({ capacity: 1 });
    const tts = new FakeTTS({ environment: { clock }, timeouts: { responseMs: 500 } });
    await using talk = await talkWith(tts, [turnstile]);
    await talk.give(...answer("Long."));
    await until(() => tts.asked.includes("finish 1"));
    const sending = tts.audio(1, speak("x".repeat(500)));
    await clock.advance(10_000);
    turnstile.let(10_000);
    await sending;
    tts.ended(1);
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.errors).toEqual([]);
  });

  it("says the rest again when the provider gave up in the middle, and fails when it never began", async () => {
    const warnings: string[] = [];
    const logger = { debug: () => undefined, warn: (message: string) => void warnings.push(message) };
    const tts = new FakeTTS({ exact: true, logger });
    await using talk = await talkWith(tts);
    await talk.give(...answer("One two three."));
    await until(() => tts.asked.includes("finish 1"));
    tts.timestamps(1, [["One", 30]]);
    await tts.audio(1, speak("One"));
    tts.broke(1, new ProviderError("context_expired", "no such context"));
    expect(tts.asked.slice(2)).toEqual(["say 2  two three.", "finish 2"]);
    expect(warnings).toHaveLength(1);
    tts.broke(2, new ProviderError("broken", "broken"));
    await talk.saw(LLMFullResponseEndFrame);
    expect(talk.errors).toMatchObject([{ code: "broken" }]);
    expect(words(talk.out)).toBe("One");
  });
});

describe("settings", () => {
  it("hold from the next utterance on", async () => {
    const tts = new FakeTTS();
    await using talk = await talkWith(tts);
    await talk.give(new LLMFullResponseStartFrame(), new LLMTextFrame("One. And"));
    await talk.give(new TTSUpdateSettingsFrame({ voice: "two" }));
    await talk.give(new LLMTextFrame(" more."), new LLMFullResponseEndFrame(), new TTSSpeakFrame("Two."));
    await until(() => tts.asked.includes("finish 1"));
    await tts.audio(1, speak("One. And more."));
    tts.ended(1);
    await until(() => tts.asked.includes("finish 2"));
    expect(tts.parts.map(({ settings }) => settings.voice)).toEqual(["one", "two"]);
    expect(tts.settings).toEqual({ voice: "two" });
  });

  it("are refused by name, and nothing is changed", async () => {
    const tts = new FakeTTS();
    await using talk = await talkWith(tts);
    expect(() => tts.updateSettings({ voice: 3 })).toThrow("voice: expected a string");
    await talk.give(new TTSUpdateSettingsFrame({ pitch: 3 }));
    await until(() => talk.errors.length > 0);
    expect(talk.errors).toMatchObject([{ code: "invalid_argument", field: "pitch" }]);
    expect(tts.settings).toEqual({ voice: "one" });
  });
});

describe("laws", () => {
  const numRuns = Number(process.env["TURNWIRE_RUNS"] ?? 80);
  const word = fc.constantFrom("a", "Hello", "world.", "No!", "你好。", "**so**", "$5", "e.g.", "🙂", "it's");
  const space = fc.constantFrom(" ", "  ", "\n");
  const text = fc.array(fc.tuple(word, space), { maxLength: 12 }).map((pairs) => pairs.flat().join(""));

  it("the words join to the text, and never come ahead of the audio", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), async (said, sizes) => {
        const tts = new FakeTTS();
        await using talk = await talkWith(tts);
        let spoken = "";
        tts.onSay = (piece) => void (spoken += piece);
        tts.onFinish = (part) => {
          const audio = speak(spoken);
          void (async () => {
            for (let at = 0, turn = 0; at < audio.length; turn += 1) {
              const size = sizes[turn % sizes.length] ?? 1;
              await tts.audio(part, audio.subarray(at, at + size));
              at += size;
            }
            tts.ended(part);
          })();
        };
        await talk.give(...answer(said));
        await talk.saw(LLMFullResponseEndFrame);
        expect(words(talk.out)).toBe(said);
        expect(heard(talk.out)).toBe(spoken);
        const first = talk.out.findIndex((frame) => frame instanceof TTSTextFrame);
        if (spoken !== "")
          expect(talk.out.slice(0, first).some((frame) => frame instanceof TTSAudioRawFrame)).toBe(true);
      }),
      { numRuns },
    );
  });

  it("a lost provider: every word comes once, and is said whole once", async () => {
    const sentence = fc.array(fc.constantFrom("alpha", "be", "gamma", "delta"), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sentence, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), async (list, losses) => {
        const said = `${list.join(" ")}.`;
        const tts = new FakeTTS({ exact: true });
        await using talk = await talkWith(tts);
        const left = [...losses];
        let unspoken = "";
        tts.onSay = (piece) => void (unspoken += piece);
        tts.onFinish = (part) => {
          const piece = unspoken;
          unspoken = "";
          const times = [...piece.matchAll(/\S+/g)].map(
            (match) => [match[0], (match.index + match[0].length) * 10] as const,
          );
          tts.timestamps(part, times);
          const cut = left.shift();
          void (async () => {
            await tts.audio(part, speak(piece).subarray(0, cut === undefined ? Infinity : cut * 37));
            if (cut === undefined) tts.ended(part);
            else {
              tts.lose();
              tts.resume();
            }
          })();
        };
        await talk.give(...answer(said));
        await talk.saw(LLMFullResponseEndFrame);
        expect(words(talk.out)).toBe(said);
        // The words heard are the text, with at most the beginning of a word before each word that was cut off.
        const spelled = said.split(" ").map((one) => `(?:(?:${prefixes(one)}) *)*${one.replace(".", "\\.")}`);
        expect(heard(talk.out)).toMatch(new RegExp(`^ *${spelled.join(" +")}$`));
        expect(talk.out.filter((frame) => frame instanceof TTSStoppedFrame)).toHaveLength(1);
      }),
      { numRuns },
    );
  });

  it("keeps the order of everything, drops nothing uninterruptible, and says nothing of what was interrupted", async () => {
    type Step = "text" | "thought" | "calls" | "speak" | "interim" | "end" | "interrupt" | "pass" | "tick";
    const step = fc.constantFrom<Step>(
      "text",
      "text",
      "text",
      "thought",
      "calls",
      "speak",
      "interim",
      "end",
      "interrupt",
      "pass",
      "tick",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), fc.boolean(), async (steps, slow, lazily) => {
        const turnstile = new Turnstile({ capacity: 2, ...(slow ? {} : { holds: () => false }) });
        const tts = new FakeTTS().obeying({ lazily });
        await using talk = await talkWith(tts, [turnstile]);
        const input: Frame[] = [];
        const give = (...frames: Frame[]): void => {
          input.push(...frames);
          void talk.give(...frames);
        };
        let count = 0;
        let open = false;
        /** Numbers of the frames that came before the last interruption. */
        let interruptedTo = 0;
        /** The frames that an interruption found first, and that were not out yet. */
        const heldBack: Array<[InterruptionFrame, Frame[]]> = [];
        const begin = (): void => {
          if (!open) give(new LLMFullResponseStartFrame());
          open = true;
        };
        for (const one of steps) {
          count += 1;
          if (one === "text") {
            begin();
            give(new LLMTextFrame(`w${count}${count % 3 === 0 ? ". " : " "}`));
          } else if (one === "thought") give(new LLMThoughtTextFrame(`t${count}`));
          else if (one === "calls") give(new FunctionCallsStartedFrame([]));
          else if (one === "speak") give(new TTSSpeakFrame(`s${count}`));
          else if (one === "interim") give(new InterimTranscriptionFrame(`i${count}`));
          else if (one === "end" && open) {
            give(new LLMFullResponseEndFrame());
            open = false;
          } else if (one === "pass") turnstile.let(3);
          else if (one === "interrupt") {
            const frame = new InterruptionFrame();
            const alive = input.filter((other) => other.id > interruptedTo && !talk.pushed.includes(other));
            heldBack.push([frame, alive]);
            void talk.give(frame);
            if (open) give(new LLMFullResponseEndFrame({ interrupted: true }));
            open = false;
            interruptedTo = frame.id;
            await talk.saw(InterruptionFrame, heldBack.length);
          } else await settle();
        }
        if (open) give(new LLMFullResponseEndFrame());
        const last = new FunctionCallsStartedFrame([]);
        give(last);
        turnstile.let(100_000);
        await until(() => talk.out.includes(last));

        const passing = input.filter((frame) => !(frame instanceof LLMTextFrame || frame instanceof TTSSpeakFrame));
        const passed = talk.out.filter((frame) => passing.includes(frame));
        // In the order they were given, and all that nothing may drop exactly once.
        expect(passed).toEqual(passing.filter((frame) => passed.includes(frame)));
        expect(passing.filter((frame) => frame.uninterruptible && !passed.includes(frame))).toEqual([]);
        // An interruption comes before what it overtakes: the assistant's side counts on that.
        for (const [interruption, frames] of heldBack) {
          const before = talk.pushed.slice(0, talk.pushed.indexOf(interruption));
          expect(frames.filter((frame) => before.includes(frame))).toEqual([]);
        }
        // Nothing that may be dropped of before the last interruption comes after it; of the rest nothing is missing.
        const at = talk.out.findLastIndex((frame) => frame instanceof InterruptionFrame);
        const after = talk.out.slice(at + 1);
        const alive = input.filter((frame) => frame.id > interruptedTo);
        const textOf = (frames: readonly Frame[]): string =>
          frames
            .map((frame) => (frame instanceof LLMTextFrame || frame instanceof TTSSpeakFrame ? frame.text : ""))
            .join("");
        expect(words(after)).toBe(textOf(alive));
        expect(heard(after)).toBe(textOf(alive));
        expect(after.filter((frame) => passing.includes(frame) && !frame.uninterruptible)).toEqual(
          alive.filter((frame) => passing.includes(frame) && !frame.uninterruptible),
        );
        // Each frame stands after exactly the words that were given before it.
        for (const frame of after.filter((one) => alive.includes(one))) {
          const index = after.indexOf(frame);
          expect(words(after.slice(0, index))).toBe(textOf(alive.slice(0, alive.indexOf(frame))));
          expect(heard(after.slice(0, index)).startsWith(words(after.slice(0, index)).trimEnd())).toBe(true);
        }
      }),
      { numRuns },
    );
  });
});

/** All beginnings of a word, for a pattern. */
function prefixes(text: string): string {
  const all: string[] = [];
  for (let length = text.length; length > 0; length -= 1) all.push(text.slice(0, length).replace(".", "\\."));
  return all.join("|");
}

it("speaks for as long as it should", () => {
  expect(speak("abc")).toHaveLength(3 * bytesPerCharacter);
});
