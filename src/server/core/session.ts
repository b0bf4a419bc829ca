import type { Clock } from "../../async/index.ts";
import { isObject, laneNamePattern, limits, type ServerEvent } from "../../protocol/index.ts";
import { errorEvent, invalidRequest, type ResponsesApiError, toApiError } from "../api-error.ts";
import { type EventSink, SequenceNumbers } from "./events.ts";
import { cancelledByClient, generate, type GenerationContext } from "./generation.ts";
import { LaneScheduler, type Work } from "./lanes.ts";
import { type CompletedResponse, readRequest } from "./request.ts";
import { newRecord, type RequestLog } from "./request-log.ts";

/**
 * What the server does about `response.cancel`, which is in no official list of client events; servers in the field
 * differ. `honour`: the response ends at once with `response.incomplete`, its `status` `cancelled`, and cannot be
 * continued. `refuse`: an `error` event for an unsupported client event (code `invalid_value`, param `type`), and the
 * response goes on. `ignore`: nothing is said, and the response goes on.
 */
export type CancelMode = "honour" | "refuse" | "ignore";

/** What all connections of a server share. */
export interface ServerCore extends GenerationContext {
  readonly cancel: CancelMode;
  /** False: `stream_id` means nothing, everything is on the default lane. */
  readonly lanes: boolean;
  readonly maxConnectionAgeMs: number;
  readonly models?: readonly string[];
  readonly clock: Clock;
  readonly log: RequestLog;
}

/** The little that a session needs of a socket. */
export interface SessionSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Resolves when the reader has caught up enough to be sent more, or is gone. */
  drained(): Promise<void>;
}

/** How long a connection past its age limit stays open, to answer with the reason. */
const lingerMs = 1_000;

/** One connection of WebSocket mode: its lanes, its cache, its age. Knows no transport. */
export class Session {
  readonly id: number;
  readonly openedAt: number;
  readonly #core: ServerCore;
  readonly #socket: SessionSocket;
  readonly #scheduler: LaneScheduler;
  #cancelTimer: () => void;
  #requests = 0;
  #expired = false;
  #ended = false;

  constructor(id: number, core: ServerCore, socket: SessionSocket) {
    this.id = id;
    this.#core = core;
    this.#socket = socket;
    this.openedAt = core.clock.now();
    this.#scheduler = new LaneScheduler(limits.maxInFlight, limits.maxLanes);
    this.#cancelTimer = core.clock.schedule(() => this.#expire(), core.maxConnectionAgeMs, { keepAlive: false });
  }

  /** How many requests have come over this connection. */
  get requests(): number {
    return this.#requests;
  }

  /** Forgets every response that a request could continue from. */
  evict(): void {
    for (const lane of this.#scheduler.lanes()) lane.latest = undefined;
  }

  /** The socket is gone: nobody waits for anything any more. */
  end(): void {
    this.#ended = true;
    this.#cancelTimer();
    this.#scheduler.abortAll();
  }

  /** Takes one message of the client. Never throws: what is wrong with it is answered with an `error` event. */
  receive(text: string, bytes: number): void {
    if (this.#ended) return;
    let lane: string | undefined;
    try {
      const event = parseObject(text);
      lane = this.#laneName(event);
      this.#handle(event, lane, bytes);
    } catch (error) {
      this.#send({ ...errorEvent(toApiError(error)), ...echo(lane) });
    }
  }

  /** Answers a message that is not text. */
  receiveBinary(): void {
    this.#send(errorEvent(invalidRequest(null, "Binary messages are not supported: send JSON text.")));
  }

  #handle(event: Record<string, unknown>, laneName: string | undefined, bytes: number): void {
    const type = event["type"];
    if (type === "response.create") this.#create(event, laneName, bytes);
    else if (type === "response.cancel") this.#cancel(event);
    else throw unsupportedEvent(type);
  }

  #create(body: Record<string, unknown>, laneName: string | undefined, bytes: number): void {
    this.#requests += 1;
    const record = newRecord({ transport: "websocket", connection: this.id, lane: laneName, body, bytes });
    this.#core.log.add(record);
    const lane = this.#scheduler.lane(laneName);
    if (lane === undefined) {
      record.status = "rejected";
      throw invalidRequest(
        "stream_id",
        `A connection has at most ${limits.maxLanes} distinct values of 'stream_id' in its life. Reuse one of them.`,
        "websocket_stream_limit_reached",
      );
    }
    const work: Work = { lane, record, controller: new AbortController(), run: () => this.#answer(work, body) };
    this.#scheduler.add(work);
  }

  async #answer({ lane, record, controller }: Work, body: Record<string, unknown>): Promise<void> {
    const sink = new SocketSink(this.#socket, lane.name);
    const { signal } = controller;
    try {
      if (this.#expired) throw connectionLimitReached(this.#core.maxConnectionAgeMs);
      const { models } = this.#core;
      const find = (id: string): CompletedResponse | undefined => this.#find(id);
      const request = readRequest(body, { transport: "websocket", find, ...(models === undefined ? {} : { models }) });
      record.conversation = request.conversation;
      record.tools = request.tools;
      if (typeof request.params.instructions === "string") record.instructions = request.params.instructions;
      const outcome = await generate(this.#core, request, sink, record, signal);
      if (outcome.status === "completed") lane.latest = outcome.completed;
      else if (outcome.status === "failed" || outcome.status === "rejected") lane.evictParent(body);
    } catch (error) {
      record.status = "rejected";
      lane.evictParent(body);
      sink.error(toApiError(error));
    }
  }

  #find(id: string): CompletedResponse | undefined {
    for (const lane of this.#scheduler.lanes()) {
      if (lane.latest?.id === id) return lane.latest;
    }
    return undefined;
  }

  #cancel(event: Record<string, unknown>): void {
    const id = event["response_id"];
    const work = this.#scheduler.running().find(({ record }) => record.responseId === id && id !== undefined);
    if (work !== undefined) work.record.cancelRequested = true;
    if (this.#core.cancel === "ignore") return;
    if (this.#core.cancel === "refuse") throw unsupportedEvent("response.cancel");
    if (typeof id !== "string") {
      throw invalidRequest("response_id", "Missing required parameter: 'response_id'.", "missing_required_parameter");
    }
    if (work === undefined) {
      throw invalidRequest(
        "response_id",
        `No response with id '${id.slice(0, 128)}' is in progress.`,
        "response_not_active",
      );
    }
    work.controller.abort(cancelledByClient);
  }

  #laneName(event: Record<string, unknown>): string | undefined {
    const name = event["stream_id"];
    if (!this.#core.lanes || name === undefined || name === null) return undefined;
    if (typeof name === "string" && laneNamePattern.test(name)) return name;
    throw invalidRequest(
      "stream_id",
      "Invalid 'stream_id': expected a string of 1 to 256 letters, digits, '_', '.' or '-'.",
      "invalid_stream_id",
    );
  }

  #expire(): void {
    this.#expired = true;
    this.#send(errorEvent(connectionLimitReached(this.#core.maxConnectionAgeMs)));
    const close = (): void => this.#socket.close(1001, "connection limit reached");
    this.#cancelTimer = this.#core.clock.schedule(close, lingerMs, { keepAlive: false });
  }

  #send(event: ServerEvent): void {
    this.#socket.send(JSON.stringify(event));
  }
}

/** Sends a response's events over the socket, numbered and labelled with their lane. */
class SocketSink implements EventSink {
  readonly #socket: SessionSocket;
  readonly #label: { stream_id?: string };
  readonly #sequence = new SequenceNumbers();

  constructor(socket: SessionSocket, laneName: string | undefined) {
    this.#socket = socket;
    this.#label = echo(laneName);
  }

  event(body: object): void {
    this.#socket.send(JSON.stringify({ ...body, sequence_number: this.#sequence.next(), ...this.#label }));
  }

  error(error: ResponsesApiError): void {
    const numbered = this.#sequence.started ? { sequence_number: this.#sequence.next() } : {};
    this.#socket.send(JSON.stringify({ ...errorEvent(error), ...numbered, ...this.#label }));
  }

  ready(): Promise<void> {
    return this.#socket.drained();
  }
}

function echo(laneName: string | undefined): { stream_id?: string } {
  return laneName === undefined ? {} : { stream_id: laneName };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest(null, "We could not parse the message: it is not valid JSON.", "invalid_json");
  }
  if (!isObject(value)) throw invalidRequest(null, "Invalid message: expected a JSON object.", "invalid_type");
  return value;
}

function unsupportedEvent(type: unknown): ResponsesApiError {
  if (type === undefined)
    return invalidRequest("type", "Missing required parameter: 'type'.", "missing_required_parameter");
  const name = typeof type === "string" ? `'${type.slice(0, 64)}'` : "that is not a string";
  return invalidRequest(
    "type",
    `Unsupported client event type ${name}. Supported: 'response.create'.`,
    "invalid_value",
  );
}

/** The text of the WebSocket mode guide, with this server's own limit in it. */
function connectionLimitReached(limitMs: number): ResponsesApiError {
  const minutes = Math.round((limitMs / 60_000) * 100) / 100;
  return invalidRequest(
    null,
    `Responses websocket connection limit reached (${minutes} minutes). Create a new websocket connection to continue.`,
    "websocket_connection_limit_reached",
  );
}
