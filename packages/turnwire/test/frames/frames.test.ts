import { expect, test } from "vitest";
import { InvalidArgumentError, TurnwireError } from "../../src/errors.ts";
import {
  ErrorFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  InputAudioRawFrame,
  LLMTextFrame,
  LLMUpdateSettingsFrame,
  MetricsFrame,
  OutputAudioRawFrame,
  TranscriptionFrame,
  TTSSpeakFrame,
} from "../../src/frames/index.ts";

/** A value as a program without types would pass it. */
function untyped(value: unknown): never {
  return value as never;
}

const audio = { audio: new Uint8Array(4), sampleRate: 16_000, channels: 1 };
const call = { functionName: "f", toolCallId: "c1", arguments: "{}" };

test.each<[string, () => unknown, string]>([
  ["text of the model", () => new LLMTextFrame(untyped(7)), "text: expected a string, got the number 7"],
  ["a transcription", () => new TranscriptionFrame(untyped(undefined)), "text: expected a string, got undefined"],
  ["a text to say", () => new TTSSpeakFrame(untyped({ text: "x" })), "text: expected a string, got an object"],
  [
    "no audio",
    () => new InputAudioRawFrame(untyped(undefined)),
    "data: expected an object with audio, sampleRate and channels, got undefined",
  ],
  [
    "bytes alone",
    () => new InputAudioRawFrame(untyped(new Uint8Array(2))),
    "data: expected one object, { audio, sampleRate, channels }, got an object of class Uint8Array",
  ],
  [
    "samples",
    () => new OutputAudioRawFrame({ ...audio, audio: untyped(new Int16Array(2)) }),
    "data.audio: expected an instance of Uint8Array, got an object of class Int16Array",
  ],
  [
    "no sample rate",
    () => new OutputAudioRawFrame({ ...audio, sampleRate: 0 }),
    "data.sampleRate: expected a whole number from 1 to 768000, got the number 0",
  ],
  [
    "an error that is none of turnwire's",
    () => new ErrorFrame(untyped(new Error("x"))),
    "error: expected a TurnwireError, got an object of class Error; pass it as the cause of one",
  ],
  [
    "one call for several",
    () => new FunctionCallsStartedFrame(untyped(call)),
    "functionCalls: expected an array of function calls, got an object",
  ],
  [
    "an output that is no text",
    () => new FunctionCallResultFrame(call, untyped({})),
    "output: expected a string, got an object",
  ],
  [
    "a call without its id",
    () => new FunctionCallResultFrame(untyped({ functionName: "f" }), "1"),
    "functionCall.toolCallId: expected a string, got undefined",
  ],
  [
    "one measurement for several",
    () => new MetricsFrame(untyped({})),
    "data: expected an array of measurements, got an object",
  ],
  [
    "settings that are none",
    () => new LLMUpdateSettingsFrame(untyped("gpt")),
    "settings: expected an object, got a string",
  ],
])("a frame of %s is refused", (_, make, message) => {
  expect(make).toThrow(InvalidArgumentError);
  expect(make).toThrow(message);
});

test("an audio frame can be made of another one", () => {
  const frame = new OutputAudioRawFrame(new OutputAudioRawFrame(audio));
  expect(frame).toMatchObject(audio);
  expect(new ErrorFrame(new TurnwireError("x", "y")).fatal).toBe(false);
});
