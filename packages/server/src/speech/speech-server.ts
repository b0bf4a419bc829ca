import type { IncomingMessage, ServerResponse } from "node:http";
import { checkStarted, FaultList, Listener, requestURL, type Upgrade } from "../kit/index.ts";
import { SpeechAuthentication } from "./speech-authentication.ts";
import type { SpeechConnection } from "./speech-connection.ts";
import { coreOf, type SpeechCore } from "./speech-core.ts";
import { readSpeechFault, type SpeechFault } from "./speech-fault.ts";
import { SpeechHost } from "./speech-host.ts";
import { newUuid } from "./ids.ts";
import { checkSpeechOptions, type SpeechServerOptions } from "./options.ts";
import { refuse, SpeechApiError, toSpeechApiError } from "./speech-api-error.ts";
import { openVoice } from "./voices/index.ts";

/**
 * A local server with Deepgram's WebSocket protocols, so that a voice conversation runs without a key. It is no
 * speech service: it speaks with eSpeak NG, or a tone for each word, and hears only what a script says.
 *
 * ```ts
 * await using server = await SpeechServer.start({ script: [{ word: "Hello.", startMs: 500, endMs: 900 }] });
 * ```
 */
export class SpeechServer {
  /** Where it is: `ws://127.0.0.1:PORT`. */
  readonly url: string;
  /** The voice: `espeak-ng` or `tones`. */
  readonly voice: string;
  /** The faults. */
  readonly faults: FaultList<SpeechFault>;
  readonly #listener: Listener;
  readonly #host: SpeechHost;
  #closing: Promise<void> | undefined;

  /**
   * Starts a server. Rejects with an `InvalidArgumentError` for options that make no sense, and with Node's error when the
   * address cannot be listened on.
   */
  static async start(options: SpeechServerOptions = {}): Promise<SpeechServer> {
    checkSpeechOptions(options);
    const faults = new FaultList(readSpeechFault);
    for (const fault of options.faults ?? []) faults.add(fault);
    const core = coreOf(options, await openVoice(options));
    const { host = "127.0.0.1", port = 0 } = options;
    const speech = new SpeechHost(core, faults);
    const authentication = new SpeechAuthentication(options.apiKeys ?? [], host);
    const listener = await Listener.start({
      port,
      host,
      onRequest: (request, response) => answer(core, request, response),
      onUpgrade: (request) => upgrade(core, authentication, speech, request),
    });
    return new SpeechServer(listener, speech, { faults, voice: core.voice.name });
  }

  private constructor(listener: Listener, host: SpeechHost, init: { faults: FaultList<SpeechFault>; voice: string }) {
    checkStarted("SpeechServer", listener instanceof Listener);
    this.#listener = listener;
    this.#host = host;
    this.faults = init.faults;
    this.voice = init.voice;
    this.url = `ws://${listener.authority}`;
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

  /** Forgets the closed connections and removes the faults. */
  reset(): void {
    this.#host.reset();
    this.faults.clear();
  }

  /** Ends every connection and stops listening. Running speech is cut short. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#listener.close(this.#host.webSockets);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Answers HTTP: there is only `/healthz`. */
function answer(core: SpeechCore, request: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, body: string): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  };
  if (requestURL(request).pathname === "/healthz")
    return send(200, JSON.stringify({ status: "ok", voice: core.voice.name }));
  const message = "This is turnwire's local speech server: there are only the WebSockets /v1/listen and /v1/speak.";
  send(404, new SpeechApiError(404, "NOT_FOUND", message).body(newUuid(core.random)));
}

function upgrade(core: SpeechCore, authentication: SpeechAuthentication, speech: SpeechHost, request: Upgrade): void {
  const url = requestURL(request.request);
  try {
    authentication.check(request.request);
    const [, path] = /^\/v1\/(listen|speak)\/?$/.exec(url.pathname) ?? [];
    if (path !== "listen" && path !== "speak") throw new SpeechApiError(404, "NOT_FOUND", "There is nothing here.");
    speech.upgrade(path, url, request);
  } catch (error) {
    const refusal = toSpeechApiError(error);
    core.onEvent({ type: "refused", path: url.pathname.slice(0, 64), status: refusal.status, code: refusal.code });
    refuse(request.socket, refusal, newUuid(core.random));
  }
}
