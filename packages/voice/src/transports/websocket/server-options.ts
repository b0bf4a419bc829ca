import type { IncomingMessage } from "node:http";
import { type Clock, defaultLogger, type Logger, systemClock } from "turnwire/internal";
import { InvalidArgumentError, kindOf } from "turnwire/internal";
import type { HeartbeatOptions } from "turnwire/provider";
import { inputSettings, type InputTransportOptions } from "../input-transport.ts";
import { numberOption } from "../options.ts";
import { outputSettings, type OutputTransportOptions } from "../output-transport.ts";
import type { AdmissionOptions, VerifyClient } from "./admission.ts";
import type { ConnectionRules, WebsocketTransport } from "./websocket-transport.ts";

/** Options of a {@link WebsocketServerTransport}. Times are in milliseconds. */
export interface WebsocketServerTransportOptions {
  /**
   * Called for each client that has said hello: makes a pipeline of the transport's processors and runs it. When it
   * fails, the connection is closed with 1011.
   */
  onConnection: (transport: WebsocketTransport, request: IncomingMessage) => void | Promise<void>;
  /** What the pipelines hear; audio of clients that send another format is converted. */
  input?: Pick<InputTransportOptions, "sampleRate" | "channels" | "chunkMs">;
  /** How audio goes out. A client may ask for another sample rate and number of channels. */
  output?: Pick<
    OutputTransportOptions,
    "sampleRate" | "channels" | "chunkMs" | "leadMs" | "silenceMs" | "reportTimeoutMs"
  >;
  /** Decides about a client by its HTTP request. False refuses it with 403. Default: everybody is let in. */
  verifyClient?: VerifyClient;
  /** The web pages that may connect, such as `https://example.com`; `*` for all. Pages of this machine always may, from it. */
  allowedOrigins?: readonly string[];
  /** How many clients may be connected at once; more are refused with 503. Default 1000. */
  maxConnections?: number;
  /** The largest message a client may send, in bytes; a larger one closes the connection with 1009. Default 262144. */
  maxMessageBytes?: number;
  /** How far a client may be behind, in bytes, before it counts as slow and is sent no more audio. Default 262144. */
  maxBufferedBytes?: number;
  /** How long a client may be slow before the connection is closed with 1013. Default 5000. */
  slowTimeoutMs?: number;
  /** How many messages that cannot be used a client may send before the connection is closed with 1008. Default 20. */
  maxClientErrors?: number;
  /** How much audio a client may send at once; what comes faster than it is said beyond that is dropped. Default 30000. */
  maxAheadMs?: number;
  /** How long `verifyClient` may take. Default 10000. */
  verifyTimeoutMs?: number;
  /** How long a client may take to say hello. Default 10000. */
  helloTimeoutMs?: number;
  /** How long a client may take to answer a close before it is cut off. Default 2000. */
  closeTimeoutMs?: number;
  /** Pings that find clients that are gone; false for none. Default every 15000, answered within 10000. */
  heartbeat?: HeartbeatOptions | false;
  clock?: Clock;
  logger?: Logger;
}

/** The options, checked, with the defaults. */
export interface ServerSettings {
  onConnection: WebsocketServerTransportOptions["onConnection"];
  maxConnections: number;
  maxMessageBytes: number;
  helloTimeoutMs: number;
  admission: AdmissionOptions;
  rules: ConnectionRules;
}

/** @throws InvalidArgumentError for an option out of range. */
export function settingsOf(options: WebsocketServerTransportOptions): ServerSettings {
  if (typeof options.onConnection !== "function") {
    throw new InvalidArgumentError("onConnection", `must be a function, not ${kindOf(options.onConnection)}`);
  }
  const { clock = systemClock, logger = defaultLogger } = options;
  const { input = {}, output = {} } = options;
  // Each client's processors are made of them: what is wrong is to be heard of now.
  inputSettings(input);
  outputSettings(output);
  return {
    onConnection: options.onConnection,
    maxConnections: numberOption("maxConnections", options.maxConnections, { default: 1000, min: 1 }),
    maxMessageBytes: numberOption("maxMessageBytes", options.maxMessageBytes, { default: 262_144, min: 1 }),
    helloTimeoutMs: limit("helloTimeoutMs", options.helloTimeoutMs, 10_000),
    admission: {
      verifyClient: options.verifyClient,
      allowedOrigins: (options.allowedOrigins ?? []).map((origin) => origin.toLowerCase()),
      verifyTimeoutMs: limit("verifyTimeoutMs", options.verifyTimeoutMs, 10_000),
      clock,
      logger,
    },
    rules: {
      input,
      output,
      maxBufferedBytes: numberOption("maxBufferedBytes", options.maxBufferedBytes, { default: 262_144, min: 1 }),
      slowTimeoutMs: limit("slowTimeoutMs", options.slowTimeoutMs, 5000),
      maxClientErrors: numberOption("maxClientErrors", options.maxClientErrors, { default: 20, min: 1 }),
      maxAheadMs: limit("maxAheadMs", options.maxAheadMs, 30_000),
      heartbeat: options.heartbeat ?? { intervalMs: 15_000, timeoutMs: 10_000 },
      closeTimeoutMs: limit("closeTimeoutMs", options.closeTimeoutMs, 2000),
      clock,
      logger,
    },
  };
}

function limit(field: string, value: number | undefined, fallback: number): number {
  return numberOption(field, value, { default: fallback, more: true });
}
