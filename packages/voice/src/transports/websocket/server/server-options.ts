import type { IncomingMessage } from "node:http";
import { checkOptions, type Checks, type Clock, defaultLogger, defined, is, type Logger } from "turnwire/internal";
import { connectionChecks, type Environment, environmentCheck, type HeartbeatOptions } from "turnwire/provider";
import { chunkBytes, clockOf, formatChecks, transportHints } from "../../../checks.ts";
import type { InputTransportOptions } from "../../input-transport.ts";
import type { OutputTransportOptions } from "../../output-transport.ts";
import { pacerChecks } from "../../pacer.ts";
import type { WebsocketTransport } from "../client/websocket-transport.ts";

/** Decides whether a client may connect: false refuses it with 403. */
export type VerifyClient = (request: IncomingMessage) => boolean | Promise<boolean>;

type InputOptions = Pick<InputTransportOptions, "sampleRate" | "channels" | "chunkMs">;
type OutputOptions = Pick<
  OutputTransportOptions,
  "sampleRate" | "channels" | "chunkMs" | "leadMs" | "silenceMs" | "reportTimeoutMs"
>;

/** Time limits of a {@link WebsocketServerTransport}, in milliseconds. */
export interface WebsocketServerTimeouts {
  /** How long `verifyClient` may take. Default 10000. */
  verifyMs?: number;
  /** How long a client may take to say hello. Default 10000. */
  helloMs?: number;
  /** How long a client may be slow before the connection is closed with 1013. Default 5000. */
  slowMs?: number;
  /** How long a client may take to answer a close before the connection is cut. Default 2000. */
  closeMs?: number;
}

/** Options of a {@link WebsocketServerTransport}. Times are in milliseconds. */
export interface WebsocketServerTransportOptions {
  /**
   * Called for each client that has said hello: makes a pipeline of the transport's processors and runs it. If it throws,
   * the connection is closed with 1011.
   */
  onConnection: (transport: WebsocketTransport, request: IncomingMessage) => void | Promise<void>;
  /** The audio that the pipelines get; clients may send other formats. */
  input?: InputOptions;
  /** How audio is sent. A client may ask for another sample rate and number of channels. */
  output?: OutputOptions;
  /** Decides about a client by its HTTP request. False refuses it with 403. By default every client may connect. */
  verifyClient?: VerifyClient;
  /** The web pages that may connect, such as `https://example.com`; `*` for all. Local pages always may connect locally. */
  allowedOrigins?: readonly string[];
  /** How many clients may be connected at once; more are refused with 503. Default 1000. */
  maxConnections?: number;
  /** The largest message a client may send, in bytes; a larger one closes the connection with 1009. Default 262144. */
  maxMessageBytes?: number;
  /** How many bytes may wait for a client before it counts as slow and gets no more audio. Default 262144. */
  maxBufferedBytes?: number;
  /** How many unusable messages a client may send before the connection is closed with 1008. Default 20. */
  maxClientErrors?: number;
  /** How much audio a client may send at once; beyond that, audio that comes faster than real time is dropped. Default 30000. */
  maxAheadMs?: number;
  /** Pings that find clients that have gone; false for none. Default every 15000, answered within 10000. */
  heartbeat?: HeartbeatOptions | false;
  timeouts?: WebsocketServerTimeouts;
  environment?: Pick<Environment, "clock">;
  logger?: Logger;
}

const count = is.number({ min: 1, integer: true });
const { reportTimeoutMs, leadMs, chunkMs } = pacerChecks;

const origin = is.custom(
  'an origin such as "https://example.com", or "*"',
  (value) =>
    typeof value === "string" && (value === "*" || value === "null" || /^[a-z][a-z\d+.-]*:\/\/[^/]+$/i.test(value)),
);

const checks: Checks<WebsocketServerTransportOptions> = {
  onConnection: is.required(is.func),
  input: is.group<InputOptions>({ ...formatChecks, chunkMs }),
  output: is.group<OutputOptions>({ ...formatChecks, chunkMs, leadMs, silenceMs: is.duration, reportTimeoutMs }),
  verifyClient: is.func,
  allowedOrigins: is.listOf(origin, "an array of origins"),
  maxConnections: count,
  maxMessageBytes: count,
  maxBufferedBytes: count,
  maxClientErrors: count,
  maxAheadMs: is.timeLimit,
  heartbeat: connectionChecks.heartbeat,
  timeouts: is.group<WebsocketServerTimeouts>({
    verifyMs: is.timeLimit,
    helloMs: is.timeLimit,
    slowMs: is.timeLimit,
    closeMs: is.timeLimit,
  }),
  environment: environmentCheck,
  logger: is.logger,
};

const ofListen = "it is an option of listen()";
const ofFormats = "it belongs to the options `input` and `output`";
const hints = {
  ...transportHints,
  port: ofListen,
  host: ofListen,
  path: `${ofListen} and attach()`,
  sampleRate: ofFormats,
  channels: ofFormats,
  chunkMs: ofFormats,
};

/** The options, checked, with the defaults. */
export interface ServerSettings extends Required<
  Omit<WebsocketServerTransportOptions, "verifyClient" | "timeouts" | "environment">
> {
  verifyClient: VerifyClient | undefined;
  timeouts: Required<WebsocketServerTimeouts>;
  clock: Clock;
}

/** @throws InvalidArgumentError for an option that is unknown or unusable. */
export function settingsOf(options: WebsocketServerTransportOptions): ServerSettings {
  checkOptions("WebsocketServerTransport", options ?? {}, checks, hints);
  const { input = {}, output = {}, allowedOrigins = [], timeouts = {} } = options;
  // Checked now; the processors of each client are made later.
  chunkBytes(input.chunkMs ?? 20, { sampleRate: 16_000, channels: 1, ...input });
  chunkBytes(output.chunkMs ?? 40, { sampleRate: 24_000, channels: 1, ...output });
  return {
    maxConnections: 1000,
    maxMessageBytes: 262_144,
    maxBufferedBytes: 262_144,
    maxClientErrors: 20,
    maxAheadMs: 30_000,
    heartbeat: { intervalMs: 15_000, timeoutMs: 10_000 },
    logger: defaultLogger,
    ...defined(options),
    verifyClient: options.verifyClient,
    input,
    output,
    allowedOrigins: allowedOrigins.map((origin) => origin.toLowerCase()),
    timeouts: { verifyMs: 10_000, helloMs: 10_000, slowMs: 5000, closeMs: 2000, ...defined(timeouts) },
    clock: clockOf(options),
  };
}
