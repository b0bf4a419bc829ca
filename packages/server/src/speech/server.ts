import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { defaultLogger, systemClock } from "turnwire/internal";
import { Access } from "./access.ts";
import type { SpeechConnection } from "./connection.ts";
import type { SpeechCore } from "./core.ts";
import { SpeechFaults } from "./faults/index.ts";
import { SpeechHost } from "./host.ts";
import { newUuid } from "./ids.ts";
import { checkOptions, type SpeechServerOptions } from "./options.ts";
import { checkScript } from "./script.ts";
import { refuseUpgrade, SpeechApiError, toSpeechApiError, urlOf } from "./refusal.ts";
import { openVoice, type Voice } from "./voices/index.ts";

/** How long connections get to close properly when the server is closed. */
const closeGraceMs = 100;

/**
 * A local server that speaks Deepgram's WebSocket protocols, so that a voice conversation runs without a key. It is no
 * speech service: it speaks with eSpeak NG, or a tone for each word, and hears only what a script says.
 *
 * ```ts
 * await using server = await SpeechServer.start({ script: [{ word: "Hello.", startMs: 500, endMs: 900 }] });
 * ```
 */
export class SpeechServer {
  /** Where it is: `ws://127.0.0.1:PORT`. */
  readonly url: string;
  /** What speaks: `espeak-ng`, or `tones`. */
  readonly voice: string;
  /** What goes wrong. */
  readonly faults: SpeechFaults;
  readonly #server: Server;
  readonly #host: SpeechHost;
  #closing: Promise<void> | undefined;

  /**
   * Starts a server. Rejects with an `InvalidArgumentError` for options that cannot be, and with Node's error when the
   * address cannot be listened on.
   */
  static async start(options: SpeechServerOptions = {}): Promise<SpeechServer> {
    checkOptions(options);
    const faults = new SpeechFaults();
    for (const fault of options.faults ?? []) faults.add(fault);
    const core = coreOf(options, await openVoice(options));
    const { host = "127.0.0.1", port = 0, maxConnections = 1_000, keptConnections = 1_000 } = options;
    const speech = new SpeechHost(core, { faults, maxConnections, keptConnections });
    const access = new Access(options.apiKeys ?? [], host);
    const server = createServer((request, response) => answer(core, request, response));
    server.on("upgrade", (request, socket, head) => upgrade(core, access, speech, request, socket, head));
    await listen(server, port, host);
    return new SpeechServer(server, speech, { faults, host, voice: core.voice.name });
  }

  private constructor(server: Server, speech: SpeechHost, init: { faults: SpeechFaults; host: string; voice: string }) {
    this.#server = server;
    this.#host = speech;
    this.faults = init.faults;
    this.voice = init.voice;
    const { port } = server.address() as AddressInfo;
    this.url = `ws://${init.host.includes(":") ? `[${init.host}]` : init.host}:${port}`;
  }

  /** Where speech is heard: `…/v1/listen`. */
  get listenURL(): string {
    return `${this.url}/v1/listen`;
  }

  /** Where text is spoken: `…/v1/speak`. */
  get speakURL(): string {
    return `${this.url}/v1/speak`;
  }

  /** The latest connections, open and closed, the oldest first. */
  get connections(): readonly SpeechConnection[] {
    return this.#host.connections;
  }

  /** Forgets the closed connections and the faults asked for. */
  reset(): void {
    this.#host.reset();
    this.faults.clear();
  }

  /** Ends every connection and stops listening; what is being said is cut short. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.#host.close(closeGraceMs);
    this.#server.closeAllConnections();
    await closed;
  }
}

function coreOf(options: SpeechServerOptions, voice: Voice): SpeechCore {
  const { script = [], clock = systemClock, random = Math.random, logger = defaultLogger } = options;
  return {
    clock,
    random,
    logger,
    voice,
    script: typeof script === "function" ? script : checkScript(script),
    timeline: options.timeline,
    latencyMs: options.latencyMs ?? 0,
    interimMs: options.interimMs ?? 1_000,
    segmentMs: options.segmentMs ?? 5_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 10_000,
    firstByteMs: options.firstByteMs ?? 0,
    realtimeFactor: options.realtimeFactor ?? Infinity,
    maxSessionMs: options.maxSessionMs ?? 60 * 60_000,
    onEvent: options.onEvent ?? (() => undefined),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** By HTTP there is only whether it is there, and what it is. */
function answer(core: SpeechCore, request: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, body: string): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  };
  if (urlOf(request).pathname === "/healthz")
    return send(200, JSON.stringify({ status: "ok", voice: core.voice.name }));
  const message = "This is turnwire's local speech server: there are only the WebSockets /v1/listen and /v1/speak.";
  send(404, new SpeechApiError(404, "NOT_FOUND", message).body(newUuid(core.random)));
}

function upgrade(
  core: SpeechCore,
  access: Access,
  speech: SpeechHost,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on("error", () => socket.destroy());
  const url = urlOf(request);
  try {
    access.check(request);
    const [, path] = /^\/v1\/(listen|speak)\/?$/.exec(url.pathname) ?? [];
    if (path !== "listen" && path !== "speak") throw new SpeechApiError(404, "NOT_FOUND", "There is nothing here.");
    speech.upgrade(path, url, request, socket, head);
  } catch (error) {
    const refusal = toSpeechApiError(error);
    core.onEvent({ type: "refused", path: url.pathname.slice(0, 64), status: refusal.status, code: refusal.code });
    refuseUpgrade(socket, refusal, newUuid(core.random));
  }
}
