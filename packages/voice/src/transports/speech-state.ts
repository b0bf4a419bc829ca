/**
 * Where the bot's speech is. An utterance is open between its `TTSStartedFrame` and its `TTSStoppedFrame`.
 *
 * - `idle`: no utterance is open, nothing is played.
 * - `awaiting`: an utterance is open, nothing is played.
 * - `speaking`: an utterance is open, audio is played.
 * - `trailing`: audio is played, and no utterance is open (any more).
 */
export type SpeechState = "idle" | "awaiting" | "speaking" | "trailing";

/** `audio`: audio is being sent. `silence`: everything has been played, or was cut off. */
export type SpeechEvent = "utterance started" | "utterance stopped" | "audio" | "silence";

const transitions: Readonly<Record<SpeechEvent, Partial<Record<SpeechState, SpeechState>>>> = {
  "utterance started": { idle: "awaiting", trailing: "speaking" },
  "utterance stopped": { awaiting: "idle", speaking: "trailing" },
  audio: { idle: "trailing", awaiting: "speaking" },
  silence: { speaking: "awaiting", trailing: "idle" },
};

export function nextSpeechState(state: SpeechState, event: SpeechEvent): SpeechState {
  return transitions[event][state] ?? state;
}

export function isPlaying(state: SpeechState): boolean {
  return state === "speaking" || state === "trailing";
}
