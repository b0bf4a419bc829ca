import { createServer } from "node:http";
import { expect, test } from "vitest";
import {
  EnergyVADAnalyzer,
  ExplicitTurnStrategy,
  FileTransport,
  InputTransport,
  MinWordsStartStrategy,
  SentenceAggregator,
  OutputTransport,
  SilenceStopStrategy,
  TranscriptionStartStrategy,
  TurnLatencyObserver,
  UserTurnProcessor,
  VADProcessor,
  WebRTCVADAnalyzer,
  WebsocketServerTransport,
} from "../src/index.ts";

/** What JavaScript callers can give. */
type Anything = never;
class Microphone extends InputTransport {}
class Loudspeaker extends OutputTransport {
  protected override writeAudio(): void {}
}
const onConnection = (): void => undefined;
const analyzer = new EnergyVADAnalyzer();

test.each<[make: () => unknown, message: string]>([
  [() => new VADProcessor({ analyzer: "silero" as Anything }), "analyzer: expected a VADAnalyzer, got a string"],
  [() => new VADProcessor({} as Anything), "analyzer: expected a VADAnalyzer, got undefined"],
  [
    () => new VADProcessor({ analyzer, stopMS: 200 } as Anything),
    "stopMS: unknown option of VADProcessor; did you mean `stopMs`?",
  ],
  [
    () => new VADProcessor({ analyzer, stopMs: Number.NaN }),
    "stopMs: expected milliseconds from 0 to 2^31 - 1, got NaN",
  ],
  [
    () => new VADProcessor({ analyzer, confidence: 70 }),
    "confidence: expected a number from 0 to 1, got the number 70",
  ],
  [
    () => new VADProcessor({ analyzer, audioTimeoutMs: 0 }),
    "audioTimeoutMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0",
  ],
  [
    () => new VADProcessor({ analyzer, environment: { clock: Date } as Anything }),
    "environment.clock: expected an object with now(), schedule(), got a function",
  ],
  [
    () => new EnergyVADAnalyzer({ sampleRate: 10 }),
    "sampleRate: expected a whole number from 1000 to 192000, got the number 10",
  ],
  [
    () => new UserTurnProcessor({ start: new MinWordsStartStrategy() as Anything }),
    "start: expected an array of start strategies, got an object of class MinWordsStartStrategy",
  ],
  [
    () => new UserTurnProcessor({ stop: [new MinWordsStartStrategy() as Anything] }),
    "stop[0]: expected an object with endsInMs(), got an object of class MinWordsStartStrategy",
  ],
  [() => new UserTurnProcessor({ lateMs: -1 }), "lateMs: expected milliseconds from 0 to 2^31 - 1, got the number -1"],
  [
    () => new UserTurnProcessor({ logger: "loud" as Anything }),
    "logger: expected a logger with debug() and warn(), got a string",
  ],
  [() => new MinWordsStartStrategy({ minWords: 0 }), "minWords: expected a number of at least 1, got the number 0"],
  [
    () => new TranscriptionStartStrategy({ interim: true } as Anything),
    "interim: unknown option of TranscriptionStartStrategy; the options are useInterim",
  ],
  [
    () => new SilenceStopStrategy({ pauseMs: -1 }),
    "pauseMs: expected milliseconds from 0 to 2^31 - 1, got the number -1",
  ],
  [
    () => new ExplicitTurnStrategy({ finalTimeoutMs: "1 s" as Anything }),
    "finalTimeoutMs: expected milliseconds from 0 to 2^31 - 1, got a string",
  ],
  [
    () => new TurnLatencyObserver({ log: console } as Anything),
    "log: unknown option of TurnLatencyObserver; the options are logger",
  ],
  [
    () => new TurnLatencyObserver().on("turns" as Anything, () => undefined),
    "turns: unknown event of TurnLatencyObserver; did you mean `turn`?",
  ],
  [
    () => new Microphone({ sampleRate: 1.5 }),
    "sampleRate: expected a whole number from 1 to 768000, got the number 1.5",
  ],
  [() => new Microphone({ chunkMs: 0 }), "chunkMs: expected at least the length of a sample, got the number 0"],
  [() => new Loudspeaker({ channels: -1 }), "channels: expected a whole number from 1 to 64, got the number -1"],
  [() => new Loudspeaker({ leadMs: -1 }), "leadMs: expected milliseconds from 0 to 2^31 - 1, got the number -1"],
  [() => new Loudspeaker({ pace: "fast" as Anything }), 'pace: expected "realtime" or "none", got a string'],
  [
    () => new FileTransport({ input: { from: 7 as Anything } }),
    "input.from: expected a path, a readable stream or audio, got the number 7",
  ],
  [
    () => new FileTransport({ input: { from: "x", raw: { sampleRate: 0, channels: 1 } } }),
    "input.raw.sampleRate: expected a whole number from 1 to 768000, got the number 0",
  ],
  [
    () => new FileTransport({ input: { from: "x", trailingMs: 1 } as Anything }),
    "input.trailingMs: unknown option of `input`; the options are name, capacity, logger, sampleRate, channels, chunkMs, environment, from, raw, pace, trailingSilenceMs, whenDone",
  ],
  [
    () => new FileTransport({ output: { to: "" } }),
    "output.to: expected a path or a writable stream, got an empty string",
  ],
  [() => new FileTransport({}).input(), "input: expected the options of the input, got undefined"],
  [() => new FileTransport({}).output(), "output: expected the options of the output, got undefined"],
  [() => new WebsocketServerTransport({} as Anything), "onConnection: expected a function, got undefined"],
  [
    () => new WebsocketServerTransport({ onConnection, maxConnections: 0 }),
    "maxConnections: expected a whole number of at least 1, got the number 0",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, timeouts: { slowMs: 0 } }),
    "timeouts.slowMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, timeouts: { helloMS: 1 } as Anything }),
    "timeouts.helloMS: unknown option of `timeouts`; did you mean `timeouts.helloMs`?",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, output: { chunkMs: 0 } }),
    "chunkMs: expected at least the length of a sample, got the number 0",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, heartbeat: true as Anything }),
    "heartbeat: expected false or an object with intervalMs, timeoutMs, got the boolean true",
  ],
  [
    () => new WebsocketServerTransport({ onConnection }).attach(createServer(), { path: "voice" }),
    "path: expected a path that begins with /, got a string",
  ],
  [
    () => new SentenceAggregator({ locale: "not a language" }),
    'locale: expected a language tag such as "en" or "de-CH", got a string',
  ],
  [
    () => new SentenceAggregator({ minCharacters: -1 }),
    "minCharacters: expected a whole number of at least 0, got the number -1",
  ],
])("%#: $1", (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: "invalid_argument", message }));
});

test.each<[options: Anything, message: string]>([
  [{ mode: 4 } as Anything, "mode: expected a whole number from 0 to 3, got the number 4"],
  [{ sampleRate: 44_100 } as Anything, "sampleRate: expected 8000, 16000, 32000 or 48000, got the number 44100"],
])("the WebRTC analyzer with %o", async (options, message) => {
  await expect(WebRTCVADAnalyzer.create(options)).rejects.toThrow(message);
});
