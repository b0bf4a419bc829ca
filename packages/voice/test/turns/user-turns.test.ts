import { TranscriptionFrame } from "turnwire";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import {
  EndpointingStopStrategy,
  ExplicitTurnStrategy,
  MinWordsStartStrategy,
  SilenceStopStrategy,
  TranscriptionStartStrategy,
  type UserTurnProcessorOptions,
  VADStartStrategy,
} from "@turnwire/voice";
import { describe, expect, it } from "vitest";
import { runTurns } from "./support.ts";

const voice = (): VADUserStartedSpeakingFrame => new VADUserStartedSpeakingFrame({ startMs: 200 });
const quiet = (): VADUserStoppedSpeakingFrame => new VADUserStoppedSpeakingFrame({ stopMs: 200 });
const final = (text: string, endOfSpeech = false): TranscriptionFrame => new TranscriptionFrame(text, { endOfSpeech });
const interim = (text: string): InterimTranscriptionFrame => new InterimTranscriptionFrame(text);
const botStarts = (): BotStartedSpeakingFrame => new BotStartedSpeakingFrame();
const botStops = (): BotStoppedSpeakingFrame => new BotStoppedSpeakingFrame();
const audio = (): InputAudioRawFrame =>
  new InputAudioRawFrame({ audio: new Uint8Array(640), sampleRate: 16_000, channels: 1 });

const start = ["UserStarted", "UserTurnStart"];
const stop = ["UserStopped", "UserTurnEnd"];

describe("a turn", () => {
  it("goes from the voice to a pause with the transcription there", async () => {
    await using turns = await runTurns();
    await turns.down(voice(), interim("Is it"), quiet(), final("Is it cold?"));
    await turns.clock.advance(599);
    expect(turns.shown()).toEqual(["VADUserStarted", ...start, "(Is it)", "VADUserStopped", "Is it cold?"]);
    await turns.clock.advance(1);
    expect(turns.shown().slice(6)).toEqual(stop);
    expect(turns.turns.inTurn).toBe(false);
    expect(turns.clock.pending).toBe(0);
  });

  it("ends with the transcription that comes after the pause", async () => {
    await using turns = await runTurns();
    await turns.down(voice(), quiet());
    await turns.clock.advance(1000);
    expect(turns.turns.inTurn).toBe(true);
    await turns.down(final("Hello."));
    expect(turns.shown().slice(-3)).toEqual(["Hello.", ...stop]);
  });

  it("goes on when the voice does before the pause is over", async () => {
    await using turns = await runTurns();
    await turns.down(voice(), quiet(), final("I would like"));
    await turns.clock.advance(500);
    await turns.down(voice());
    await turns.clock.advance(2000);
    await turns.down(quiet());
    await turns.clock.advance(700);
    // What has been said last has not been transcribed.
    expect(turns.turns.inTurn).toBe(true);
    await turns.down(final("a coffee."));
    expect(turns.shown().filter((shown) => !shown.startsWith("VAD"))).toEqual([
      ...start,
      "I would like",
      "a coffee.",
      ...stop,
    ]);
  });

  it("waits for no other transcription when the service heard the end before the VAD", async () => {
    await using turns = await runTurns({ stop: [new SilenceStopStrategy({ pauseMs: 0 })] });
    await turns.down(voice(), final("Yes.", true), quiet());
    expect(turns.shown().slice(-2)).toEqual(stop);
  });

  it("ends when the transcription does not come in time, and without words", async () => {
    await using turns = await runTurns({ stop: [new SilenceStopStrategy({ finalTimeoutMs: 900 })] });
    await turns.down(voice(), quiet());
    await turns.clock.advance(899);
    expect(turns.turns.inTurn).toBe(true);
    await turns.clock.advance(1);
    expect(turns.shown()).toEqual(["VADUserStarted", ...start, "VADUserStopped", ...stop]);
  });

  it("starts with words that the VAD did not hear, which follow the start", async () => {
    await using turns = await runTurns();
    await turns.down(final("Psst."));
    expect(turns.shown()).toEqual([...start, "Psst."]);
    await turns.clock.advance(600);
    expect(turns.shown().slice(3)).toEqual(stop);
  });

  it("takes words in that were there before the voice that starts it", async () => {
    await using turns = await runTurns({ start: [new VADStartStrategy()] });
    await turns.down(final("Well,"), interim("well, I"));
    expect(turns.shown()).toEqual(["(well, I)"]);
    await turns.down(voice());
    expect(turns.shown().slice(1)).toEqual(["VADUserStarted", ...start, "Well,"]);
  });

  it("forgets nothing of it while it lasts", async () => {
    await using turns = await runTurns({ start: [new VADStartStrategy()] });
    await turns.down(final("Well,"));
    await turns.clock.advance(1500);
    await turns.down(voice(), final("hello.", true));
    await turns.clock.advance(600);
    await turns.down(quiet());
    await turns.clock.advance(600);
    expect(turns.shown().slice(-4)).toEqual(["hello.", "VADUserStopped", ...stop]);
  });

  it("does not start with blank transcriptions or interim ones that do not count", async () => {
    await using turns = await runTurns({ start: [new TranscriptionStartStrategy({ useInterim: false })] });
    await turns.down(final("  "), interim("hello"), voice(), quiet());
    expect(turns.turns.inTurn).toBe(false);
    expect(turns.shown()).toEqual(["(hello)", "VADUserStarted", "VADUserStopped"]);
  });

  it("ends where nothing happens for turnTimeoutMs", async () => {
    const reasons: string[] = [];
    await using turns = await runTurns({ stop: [], turnTimeoutMs: 4000 });
    turns.turns.on("turnStopped", (reason) => void reasons.push(reason));
    await turns.down(voice());
    await turns.clock.advance(3000);
    await turns.down(interim("and"));
    await turns.clock.advance(3999);
    expect(turns.turns.inTurn).toBe(true);
    await turns.clock.advance(1);
    expect(turns.turns.inTurn).toBe(false);
    expect(reasons).toEqual(["timeout"]);
  });

  it("does not end while a voice is heard in audio that goes by", async () => {
    await using turns = await runTurns({ turnTimeoutMs: 1000 });
    await turns.down(voice());
    for (let ms = 0; ms < 5000; ms += 500) {
      await turns.clock.advance(500);
      await turns.down(audio());
    }
    expect(turns.turns.inTurn).toBe(true);
    await turns.clock.advance(1000);
    expect(turns.turns.inTurn).toBe(false);
  });

  it("is started and ended by the application", async () => {
    await using turns = await runTurns({ start: [new ExplicitTurnStrategy()], stop: [] });
    turns.turns.stopUserTurn();
    turns.turns.startUserTurn();
    turns.turns.startUserTurn();
    await turns.down(final("Hello."));
    turns.turns.stopUserTurn();
    turns.turns.stopUserTurn();
    expect(turns.shown()).toEqual([...start, "Hello.", ...stop]);
  });
});

describe("words that come after the turn's end", () => {
  it("are a turn of their own at once, also while the bot speaks", async () => {
    const reasons: string[] = [];
    await using turns = await runTurns({ start: [new MinWordsStartStrategy()] });
    turns.turns.on("turnStopped", (reason) => void reasons.push(reason));
    await turns.down(voice(), quiet(), interim("Is it"));
    await turns.clock.advance(1500);
    await turns.up(botStarts());
    await turns.clock.advance(1900);
    await turns.down(final("cold?"));
    expect(turns.shown().slice(-5)).toEqual([...start, "cold?", ...stop]);
    expect(reasons).toEqual(["strategy", "late"]);
  });

  it.each([
    ["lateMs is over", 2001, []],
    ["a voice has been heard since", 100, [voice(), quiet()]],
  ])("are not when %s", async (_when, afterMs, frames) => {
    await using turns = await runTurns({ start: [new MinWordsStartStrategy()] });
    await turns.down(voice(), quiet());
    await turns.clock.advance(1500);
    await turns.up(botStarts());
    await turns.clock.advance(afterMs);
    await turns.down(...frames, final("cold?"));
    expect(turns.shown()).not.toContain("cold?");
  });
});

describe("while the bot speaks, with a minimum of words", () => {
  const guarded = { start: [new MinWordsStartStrategy({ minWords: 3 })] };

  it("an uh-huh does nothing and goes nowhere", async () => {
    await using turns = await runTurns(guarded);
    await turns.up(botStarts());
    await turns.down(voice(), interim("uh"), quiet(), final("Uh-huh."));
    await turns.clock.advance(2000);
    await turns.up(botStops());
    await turns.clock.advance(10_000);
    await turns.down(voice(), quiet(), final("And then?"));
    await turns.clock.advance(600);
    expect(turns.shown()).toEqual([
      ...["VADUserStarted", "(uh)", "VADUserStopped"],
      ...["VADUserStarted", ...start, "VADUserStopped", "And then?", ...stop],
    ]);
  });

  it.each([
    ["final", [final("Wait, stop it."), quiet()], ["Wait, stop it."]],
    ["interim", [interim("wait stop"), interim("wait stop it")], ["(wait stop it)"]],
    ["words of both, the final ones kept for the turn", [final("Wait."), interim("stop it")], ["Wait.", "(stop it)"]],
  ])("enough %s words start a turn", async (_kind, frames, expected) => {
    await using turns = await runTurns(guarded);
    await turns.up(botStarts());
    await turns.down(voice(), ...frames);
    const from = turns.shown().indexOf("UserStarted");
    expect(turns.shown().slice(from, from + start.length + expected.length)).toEqual([...start, ...expected]);
  });

  it("words said one after the other, seconds apart, do not add up", async () => {
    await using turns = await runTurns(guarded);
    await turns.up(botStarts());
    for (const word of ["Yes.", "Right.", "Okay.", "Sure."]) {
      await turns.down(voice(), quiet(), final(word));
      await turns.clock.advance(2500);
    }
    expect(turns.shown().filter((shown) => !shown.startsWith("VAD"))).toEqual([]);
  });

  it("a voice that is still there when it stops is a turn", async () => {
    await using turns = await runTurns(guarded);
    await turns.up(botStarts());
    await turns.down(voice(), final("So,"));
    await turns.up(botStops());
    expect(turns.shown()).toEqual(["VADUserStarted", ...start, "So,"]);
  });

  it("with interim words not counting, only final ones start a turn", async () => {
    await using turns = await runTurns({ start: [new MinWordsStartStrategy({ minWords: 2, useInterim: false })] });
    await turns.up(botStarts());
    await turns.down(voice(), interim("wait stop it"), final("Wait,"));
    expect(turns.turns.inTurn).toBe(false);
    await turns.down(final("stop it."));
    expect(turns.shown().slice(-4)).toEqual([...start, "Wait,", "stop it."]);
  });
});

describe("endpointing", () => {
  const endpointing = { stop: [new EndpointingStopStrategy()] };

  it("ends the turn with the transcription that says so", async () => {
    await using turns = await runTurns(endpointing);
    await turns.down(final("I am"), final("here.", true));
    expect(turns.shown()).toEqual([...start, "I am", "here.", ...stop]);
  });

  it("waits for the VAD's voice to stop, and not when the voice went on", async () => {
    await using turns = await runTurns(endpointing);
    await turns.down(voice(), final("Yes.", true));
    expect(turns.turns.inTurn).toBe(true);
    await turns.down(quiet());
    expect(turns.turns.inTurn).toBe(false);
    await turns.down(voice(), final("Yes.", true), interim("but"), quiet());
    expect(turns.turns.inTurn).toBe(true);
  });
});

describe("push-to-talk", () => {
  const pushToTalk = (): UserTurnProcessorOptions => {
    const button = new ExplicitTurnStrategy({ finalTimeoutMs: 800 });
    return { start: [button], stop: [button] };
  };

  it("starts with the button, and ends with what was said up to its release", async () => {
    await using turns = await runTurns(pushToTalk());
    await turns.down(voice(), quiet(), final("not meant"), new UserStartedSpeakingFrame());
    await turns.clock.advance(100);
    await turns.down(interim("turn it"), new UserStoppedSpeakingFrame());
    expect(turns.turns.inTurn).toBe(true);
    await turns.down(final("Turn it off."));
    expect(turns.shown().slice(2)).toEqual([...start, "not meant", "(turn it)", "Turn it off.", ...stop]);
  });

  it("ends when no words come after the release", async () => {
    await using turns = await runTurns(pushToTalk());
    await turns.down(new UserStartedSpeakingFrame(), new UserStoppedSpeakingFrame());
    await turns.clock.advance(799);
    expect(turns.turns.inTurn).toBe(true);
    await turns.clock.advance(1);
    expect(turns.shown()).toEqual([...start, ...stop]);
    // The button pressed twice, released twice.
    await turns.down(new UserStartedSpeakingFrame(), new UserStartedSpeakingFrame(), final("Hi."));
    await turns.down(new UserStoppedSpeakingFrame(), new UserStoppedSpeakingFrame());
    expect(turns.shown().slice(4)).toEqual([...start, "Hi.", ...stop]);
  });
});

describe("idle", () => {
  const idling = async (options: UserTurnProcessorOptions = {}) => {
    const running = await runTurns({ userIdleMs: 10_000, ...options });
    const counts: number[] = [];
    running.turns.on("idle", (count) => void counts.push(count));
    return { ...running, counts };
  };

  it("is reported after a while without the user, and again, counted", async () => {
    await using turns = await idling();
    await turns.clock.advance(9999);
    expect(turns.counts).toEqual([]);
    await turns.clock.advance(1);
    expect(turns.counts).toEqual([1]);
    await turns.clock.advance(20_000);
    expect(turns.counts).toEqual([1, 2, 3]);
  });

  it("waits for the bot to finish, whose prompts do not start the count anew", async () => {
    await using turns = await idling();
    await turns.clock.advance(10_000);
    await turns.up(botStarts());
    await turns.clock.advance(30_000);
    expect(turns.counts).toEqual([1]);
    await turns.up(botStops());
    await turns.clock.advance(10_000);
    expect(turns.counts).toEqual([1, 2]);
  });

  it("is not reported during a turn, and counts anew after it", async () => {
    await using turns = await idling({ turnTimeoutMs: 60_000, stop: [] });
    await turns.clock.advance(10_000);
    await turns.down(final("Hello"));
    await turns.clock.advance(30_000);
    expect(turns.counts).toEqual([1]);
    turns.turns.stopUserTurn();
    await turns.clock.advance(10_000);
    expect(turns.counts).toEqual([1, 1]);
  });

  it("is not reported while a voice is heard that starts no turn", async () => {
    await using turns = await idling({ start: [new ExplicitTurnStrategy()] });
    await turns.down(voice());
    await turns.clock.advance(30_000);
    await turns.down(quiet());
    await turns.clock.advance(9999);
    expect(turns.counts).toEqual([]);
    await turns.clock.advance(1);
    expect(turns.counts).toEqual([1]);
  });
});

describe("the end of the pipeline", () => {
  it("ends the turn before it, and leaves no timer", async () => {
    await using turns = await runTurns({ userIdleMs: 10_000 });
    await turns.down(voice(), final("Good"));
    await turns.end();
    expect(turns.shown()).toEqual(["VADUserStarted", ...start, "Good", ...stop]);
    expect(turns.sink.taken.at(-1)?.constructor.name).toBe("EndFrame");
    expect(turns.clock.pending).toBe(0);
    turns.turns.startUserTurn();
    expect(turns.clock.pending).toBe(0);
  });

  it("by a cancel leaves no timer", async () => {
    await using turns = await runTurns({ userIdleMs: 10_000 });
    await turns.down(voice(), final("Good"), quiet());
    await turns.task.cancel();
    expect(turns.clock.pending).toBe(0);
  });
});

describe("a strategy", () => {
  it("can be a plain object", async () => {
    await using turns = await runTurns({
      start: [{ starts: (frame) => frame instanceof InterimTranscriptionFrame && frame.text.includes("computer") }],
      stop: [{ endsInMs: (_frame, state) => (state.finalWords >= 3 ? 50 : undefined) }],
    });
    await turns.down(interim("hello"), interim("computer"), final("Computer, go"), final("on."));
    await turns.clock.advance(50);
    expect(turns.shown()).toEqual(["(hello)", ...start, "(computer)", "Computer, go", "on.", ...stop]);
  });

  it("that throws is reported and has no say", async () => {
    const broken = (): never => {
      throw new Error("broken");
    };
    await using turns = await runTurns({ start: [{ starts: broken }], stop: [{ endsInMs: broken }] });
    await turns.down(final("Hello."));
    expect(turns.shown()).toEqual([]);
    turns.turns.startUserTurn();
    await turns.down(final("World."));
    expect(turns.shown()).toEqual([...start, "Hello.", "World."]);
    expect(turns.errors.map(({ message }) => message.replace(/#\d+/, ""))).toEqual([
      "a strategy of UserTurnProcessor failed",
      "a strategy of UserTurnProcessor failed",
    ]);
  });
});
