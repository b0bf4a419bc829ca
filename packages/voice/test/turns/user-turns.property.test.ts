import fc from "fast-check";
import { TranscriptionFrame } from "turnwire";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
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
  type UserTurnProcessorOptions,
  VADStartStrategy,
} from "@turnwire/voice";
import { describe, expect, it } from "vitest";
import { runTurns, show } from "./support.ts";

type Step =
  | { do: "voice" | "quiet" | "botStarts" | "botStops" | "press" | "release" }
  | { do: "interim" | "final"; words: number; endOfSpeech: boolean }
  | { do: "wait"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom("voice", "quiet", "voice", "quiet", "botStarts", "botStops", "press", "release"),
  }) as fc.Arbitrary<Step>,
  fc.record({
    do: fc.constantFrom("interim", "final", "final"),
    words: fc.integer({ min: 0, max: 4 }),
    endOfSpeech: fc.boolean(),
  }) as fc.Arbitrary<Step>,
  fc.record({
    do: fc.constant("wait"),
    ms: fc.constantFrom(1, 100, 600, 1000, 1500, 2000, 2001, 6000),
  }) as fc.Arbitrary<Step>,
);

const button = new ExplicitTurnStrategy();
const setups: Record<string, UserTurnProcessorOptions> = {
  default: {},
  guarded: { start: [new MinWordsStartStrategy()] },
  endpointing: { start: [new VADStartStrategy()], stop: [new EndpointingStopStrategy()] },
  pushToTalk: { start: [button], stop: [button] },
  mixed: { start: [new MinWordsStartStrategy({ minWords: 2 }), button], stop: [button, new SilenceStopStrategy()] },
};

describe("the turns of any sequence of frames", () => {
  it.each(Object.keys(setups))(
    "with %s strategies alternate, and hold the words, each once and in order",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, cancel) => {
          await using turns = await runTurns({ ...setups[name], userIdleMs: 3000 });
          const said: string[] = [];
          const saidInTurn: Array<[text: string, turn: number]> = [];
          let number = 0;
          turns.turns.on("turnStarted", () => void (number += 1));
          for (const [index, action] of steps.entries()) {
            if (action.do === "wait") await turns.clock.advance(action.ms);
            else if (action.do === "botStarts") await turns.up(new BotStartedSpeakingFrame());
            else if (action.do === "botStops") await turns.up(new BotStoppedSpeakingFrame());
            else if (action.do === "voice") await turns.down(new VADUserStartedSpeakingFrame());
            else if (action.do === "quiet") await turns.down(new VADUserStoppedSpeakingFrame());
            else if (action.do === "press") await turns.down(new UserStartedSpeakingFrame());
            else if (action.do === "release") await turns.down(new UserStoppedSpeakingFrame());
            else if ("words" in action) {
              const text = Array.from({ length: action.words }, (_, word) => `${index}.${word}`).join(" ");
              if (action.do === "interim") {
                await turns.down(new InterimTranscriptionFrame(text));
                continue;
              }
              if (text !== "") said.push(text);
              if (text !== "" && turns.turns.inTurn) saidInTurn.push([text, number]);
              await turns.down(new TranscriptionFrame(text, { endOfSpeech: action.endOfSpeech }));
            }
          }
          // Whatever is under way ends by itself.
          await turns.clock.advance(10_000);
          expect(turns.turns.inTurn).toBe(false);
          await (cancel ? turns.task.cancel() : turns.end());
          expect(turns.clock.pending).toBe(0);

          const shown = turns.sink.taken
            .filter((frame) => !(frame instanceof InterimTranscriptionFrame))
            .map(show)
            .filter((frame) => !/^(VAD|Start$|End$|Cancel$|Interruption|\s*$)/.test(frame));
          const found =
            shown.join("|").match(/UserStarted\|UserTurnStart\|(?:[\d. ]+\|)*UserStopped\|UserTurnEnd/g) ?? [];
          expect(found.join("|")).toBe(shown.join("|"));
          const words = found.map((turn) => turn.split("|").slice(2, -2));
          // In order, each at most once.
          expect(words.flat()).toEqual(said.filter((text) => words.flat().includes(text)));
          if (name === "default") expect(words.flat()).toEqual(said);
          for (const [text, turn] of saidInTurn) expect(words[turn - 1]).toContain(text);
          expect(turns.errors).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );
});
