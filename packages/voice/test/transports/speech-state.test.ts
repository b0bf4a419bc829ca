import { expect, test } from "vitest";
import { nextSpeechState, type SpeechEvent, type SpeechState } from "../../src/transports/speech-state.ts";

const events: readonly SpeechEvent[] = ["utterance started", "audio", "silence", "utterance stopped"];

test.each<[SpeechState, ...SpeechState[]]>([
  ["idle", "awaiting", "trailing", "idle", "idle"],
  ["awaiting", "awaiting", "speaking", "awaiting", "idle"],
  ["speaking", "speaking", "speaking", "awaiting", "trailing"],
  ["trailing", "speaking", "trailing", "idle", "trailing"],
])("from %s", (state, ...next) => {
  expect(events.map((event) => nextSpeechState(state, event))).toEqual(next);
});
