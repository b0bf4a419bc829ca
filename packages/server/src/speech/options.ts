import { type Check, type Checks, is, type Logger } from "turnwire/internal";

import { checkStart, environmentCheck, listenerChecks, type ServerEnvironment } from "../kit/index.ts";
import type { SpeechEvent } from "./speech-connection.ts";
import { readSpeechFault, type SpeechFault } from "./speech-fault.ts";
import { checkScript, type ListenRequest, type Script } from "./script.ts";
import { type OpenVoiceOptions, voiceChecks } from "./voices/index.ts";

/** How a speech server is started; every field has a default. */
export interface SpeechServerOptions extends OpenVoiceOptions {
  /** The TCP port. Default: 0, which takes any free one. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`, which other machines cannot reach. */
  host?: string;
  /** The API keys; every connection has to bring one of them. Default: any key will do, but there has to be one. */
  apiKeys?: readonly string[];
  /** The words that are heard, and when. Default: none. */
  script?: Script;
  /** The time of the script at which a connection's audio begins, in milliseconds. Default: 0 for every connection. */
  timeline?: (request: ListenRequest) => number;
  /** The time from audio to its result, in milliseconds. Default: 0. */
  latencyMs?: number;
  /** The time between interim results, in milliseconds of audio. Default: 1 000. */
  interimMs?: number;
  /** How much audio a result covers at most before it becomes final in the middle of speech. Default: 5 000 ms. */
  segmentMs?: number;
  /** A listening connection that receives nothing for this long is closed with NET-0001. Default: 10 000 ms. */
  idleTimeoutMs?: number;
  /** The least time from a `Flush` to its first audio. Default: 0 ms. */
  firstByteMs?: number;
  /** How many times faster than real time audio is sent. Default: Infinity, all at once. */
  realtimeFactor?: number;
  /** How long a speaking connection may last before it is closed with NET-0003. Default: 60 minutes. */
  maxSessionMs?: number;
  /** How many connections may be open at once. Default: 1 000. */
  maxConnections?: number;
  /** How many of the latest connections `connections` keeps. Default: 1 000. */
  keptConnections?: number;
  /** The faults from the start. */
  faults?: readonly SpeechFault[];
  /** Called for everything that happens, without any text, for a log. */
  onEvent?: (event: SpeechEvent) => void;
  /** What only tests need to set: the clock that times everything but eSpeak NG, and where ids come from. */
  environment?: ServerEnvironment;
  logger?: Logger;
}

const scriptCheck: Check = is.anyOf(is.func, {
  ...is.listOf(is.object, "a list of words"),
  within: (words, path) => void checkScript(words, path),
});
const fault: Check = { ...is.object, within: (value, path) => void readSpeechFault(value, path) };
const audioStep = is.number({ min: 10, max: 2 ** 31 - 1 });
const atLeast = (min: number): Check =>
  is.custom(`a number of at least ${min}`, (value) => typeof value === "number" && value >= min);

const checks = {
  ...listenerChecks,
  ...voiceChecks,
  script: scriptCheck,
  timeline: is.func,
  latencyMs: is.duration,
  interimMs: audioStep,
  segmentMs: audioStep,
  idleTimeoutMs: is.duration,
  firstByteMs: is.duration,
  realtimeFactor: atLeast(0.01),
  maxSessionMs: is.duration,
  maxConnections: atLeast(0),
  keptConnections: atLeast(0),
  faults: is.listOf(fault),
  onEvent: is.func,
  environment: environmentCheck,
  logger: is.having(["debug", "warn"], "a logger"),
} satisfies Checks<SpeechServerOptions>;

/** Throws an `InvalidArgumentError` that names the option. */
export function checkSpeechOptions(options: SpeechServerOptions): void {
  checkStart("SpeechServer", options, checks, {});
}
