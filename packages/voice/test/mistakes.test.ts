import { createServer } from "node:http";
import { expect, test } from "vitest";
import {
  CartesiaTTSService,
  DeepgramSTTService,
  DeepgramTTSService,
  EnergyVADAnalyzer,
  ExplicitTurnStrategy,
  FileTransport,
  formatWaterfall,
  InputAudioRawFrame,
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

/** For values that only JavaScript callers can give. */
type Anything = never;
class Microphone extends InputTransport {}
class Loudspeaker extends OutputTransport {
  protected override writeAudio(): void {}
}
const onConnection = (): void => undefined;
const analyzer = new EnergyVADAnalyzer();
const methods = { analyze: () => 0, reset: () => undefined, close: () => undefined };

test.each<[make: () => unknown, message: string]>([
  [() => new VADProcessor({ analyzer: "silero" as Anything }), "analyzer: expected a VADAnalyzer, got a string"],
  [() => new VADProcessor({} as Anything), "analyzer: expected a VADAnalyzer, got undefined"],
  [() => Reflect.construct(VADProcessor, []), "analyzer: expected a VADAnalyzer, got undefined"],
  [
    () => new VADProcessor({ analyzer: Promise.resolve(analyzer) as Anything }),
    "analyzer: expected a VADAnalyzer, got a promise of one; await it",
  ],
  [
    () => new VADProcessor({ analyzer: { ...methods, sampleRate: 16_000, windowSamples: Number.NaN } }),
    "analyzer.windowSamples: expected a whole number of at least 1, got NaN",
  ],
  [
    () => new VADProcessor({ analyzer, stop_secs: 0.2 } as Anything),
    "stop_secs: unknown option of VADProcessor; it is called `stopMs`, in milliseconds",
  ],
  [
    () => new VADProcessor({ vadAnalyzer: analyzer } as Anything),
    "vadAnalyzer: unknown option of VADProcessor; it is called `analyzer`",
  ],
  [
    () => Reflect.construct(WebRTCVADAnalyzer, []),
    "constructor: WebRTCVADAnalyzer is not made with new; call await WebRTCVADAnalyzer.create()",
  ],
  [
    () => new UserTurnProcessor({ start: [] }),
    "start: expected at least one start strategy, got none; to start turns yourself, give an ExplicitTurnStrategy",
  ],
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
    "environment.clock: expected a clock with now() and schedule(), got a function",
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
    "input.trailingMs: unknown option of `input`; the options are name, capacity, logger, environment, sampleRate, channels, chunkMs, from, raw, pace, trailingSilenceMs, whenDone",
  ],
  [
    () => new FileTransport({ output: { to: "" } }),
    "output.to: expected a path or a writable stream, got an empty string",
  ],
  [() => new FileTransport({ output: { to: "x" } }).input(), "input: expected the options of the input, got undefined"],
  [
    () => new FileTransport({ input: { from: "x" } }).output(),
    "output: expected the options of the output, got undefined",
  ],
  [() => new FileTransport({}), "input: expected the options of the input, the output or both, got neither"],
  [
    () => new FileTransport({ from: "x" } as Anything),
    "from: unknown option of FileTransport; it belongs to the option `input`",
  ],
  [
    () => new FileTransport({ to: "x" } as Anything),
    "to: unknown option of FileTransport; it belongs to the option `output`",
  ],
  [
    () => new FileTransport({ input: { path: "x" } as Anything }),
    "input.path: unknown option of `input`; it is called `from`",
  ],
  [
    () => new FileTransport({ input: { from: "x", vadAnalyzer: analyzer } as Anything }),
    "input.vadAnalyzer: unknown option of `input`; a VADProcessor takes it, as `analyzer`",
  ],
  [() => new WebsocketServerTransport({} as Anything), "onConnection: expected a function, got undefined"],
  [() => Reflect.construct(WebsocketServerTransport, []), "onConnection: expected a function, got undefined"],
  [
    () => new WebsocketServerTransport({ onConnection, port: 8765 } as Anything),
    "port: unknown option of WebsocketServerTransport; it is an option of listen()",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, sampleRate: 8000 } as Anything),
    "sampleRate: unknown option of WebsocketServerTransport; it belongs to the options `input` and `output`",
  ],
  [
    () => new WebsocketServerTransport({ onConnection, allowedOrigins: ["example.com"] }),
    'allowedOrigins[0]: expected an origin such as "https://example.com", or "*", got a string',
  ],
  [
    () => new WebsocketServerTransport({ onConnection }).attach({} as Anything),
    "server: expected an HTTP server, got an object",
  ],
  [() => formatWaterfall(undefined as Anything), "record: expected the record of a voice turn"],
  [
    () => Reflect.construct(InputAudioRawFrame, [Buffer.alloc(2), 16_000, 1]),
    "data: expected one object, { audio, sampleRate, channels }, got an object of class Buffer",
  ],
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
    () => new DeepgramSTTService({ settings: { language: "en" } } as Anything),
    "settings: unknown option of DeepgramSTTService; the settings are options of their own, such as `model`",
  ],
  [
    () => new DeepgramSTTService({ languge: "en" } as Anything),
    "languge: unknown option of DeepgramSTTService; did you mean `language`?",
  ],
  [
    () => new DeepgramSTTService({ apiKey: 7 as Anything }),
    "apiKey: expected a string or a function, got the number 7",
  ],
  [
    () => new DeepgramSTTService({ baseURL: "ftp://x" }),
    "baseURL: expected a URL that begins with wss:, ws:, https: or http:, got another string",
  ],
  [
    () => new DeepgramSTTService({ sampleRate: 1 }),
    "sampleRate: expected a whole number from 1000 to 192000, got the number 1",
  ],
  [
    () => new DeepgramSTTService({ lang: "en" } as Anything),
    "lang: unknown option of DeepgramSTTService; it is called `language`",
  ],
  [
    () => new DeepgramSTTService({ liveOptions: {} } as Anything),
    "liveOptions: unknown option of DeepgramSTTService; Deepgram's settings are options of their own",
  ],
  [
    () => new DeepgramSTTService({ keywords: ["Ada"] } as Anything),
    "keywords: unknown option of DeepgramSTTService; it is called `keyterm`",
  ],
  [
    () => new CartesiaTTSService({ voiceId: "x" } as Anything),
    "voiceId: unknown option of CartesiaTTSService; it is called `voice`",
  ],
  [() => new DeepgramSTTService({ model: "" }), "model: expected a non-empty string, got an empty string"],
  [
    () => new DeepgramSTTService({ endpointing: -1 }),
    "endpointing: expected false or a whole number of at least 0, got the number -1",
  ],
  [
    () => new DeepgramSTTService({ utteranceEndMs: 500 }),
    "utteranceEndMs: expected a whole number of at least 1000, got the number 500",
  ],
  [
    () => new DeepgramSTTService({ utteranceEndMs: 1000, interimResults: false }),
    "utteranceEndMs: expected interimResults to be on, got false; leave one of them out",
  ],
  [
    () => new DeepgramSTTService({ keyterm: [1 as Anything] }),
    "keyterm[0]: expected a non-empty string, got the number 1",
  ],
  [
    () => new DeepgramSTTService({ timeouts: { stopMs: -1 } }),
    "timeouts.stopMs: expected milliseconds from 0 to 2^31 - 1, got the number -1",
  ],
  [
    () => new DeepgramSTTService({ stopMs: 1 } as Anything),
    "stopMs: unknown option of DeepgramSTTService; it belongs to the option `timeouts`",
  ],
  [
    () => new DeepgramSTTService({ maxReplayMs: Infinity }),
    "maxReplayMs: expected milliseconds from 0 to 2^31 - 1, got Infinity",
  ],
  [
    () => new DeepgramSTTService({ name: "stt" }).on("transcription" as Anything, () => undefined),
    "transcription: unknown event of stt; did you mean `transcript`?",
  ],
  [() => new DeepgramTTSService({ speed: 9 }), "speed: expected a number from 0.5 to 2, got the number 9"],
  [
    () => new DeepgramTTSService({ voice: "x" } as Anything),
    "voice: unknown option of DeepgramTTSService; Deepgram's voices are models; it is called `model`",
  ],
  [
    () => new DeepgramTTSService({ sampleRate: 0 }),
    "sampleRate: expected a whole number from 1 to 768000, got the number 0",
  ],
  [
    () => new DeepgramTTSService({ timeouts: { responseMs: 0 } }),
    "timeouts.responseMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0",
  ],
  [
    () => new DeepgramTTSService().updateSettings({ sped: 1 }),
    "sped: unknown setting of updateSettings(); did you mean `speed`?",
  ],
  [() => new DeepgramTTSService().updateSettings("fast" as Anything), "settings: expected an object, got a string"],
  [
    () => new CartesiaTTSService({ volume: "loud" as Anything }),
    "volume: expected a number from 0.5 to 2, got a string",
  ],
  [() => new CartesiaTTSService({ version: 2 as Anything }), "version: expected a non-empty string, got the number 2"],
  [
    () => new CartesiaTTSService({ heartbeat: { intervalMs: 0, timeoutMs: 1 } }),
    "heartbeat.intervalMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0",
  ],
  [
    () => new CartesiaTTSService({ textAggregator: {} as Anything }),
    "textAggregator: expected a text aggregator, got an object",
  ],
  [
    () => new CartesiaTTSService({ environment: { clock: 1 as Anything } }),
    "environment.clock: expected a clock with now() and schedule(), got the number 1",
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
  expect(make).toThrow(
    expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining(message) }),
  );
});

test.each<[options: Anything, message: string]>([
  [{ mode: 4 } as Anything, "mode: expected a whole number from 0 to 3, got the number 4"],
  [{ sampleRate: 44_100 } as Anything, "sampleRate: expected 8000, 16000, 32000 or 48000, got the number 44100"],
])("the WebRTC analyzer with %o", async (options, message) => {
  await expect(WebRTCVADAnalyzer.create(options)).rejects.toThrow(message);
});

test("listen() with a number says where the port goes", async () => {
  const listening = new WebsocketServerTransport({ onConnection }).listen(8765 as Anything);
  await expect(listening).rejects.toThrow("got the number 8765; give the port as { port }");
});
