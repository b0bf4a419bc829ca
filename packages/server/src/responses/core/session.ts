import { isObject, laneNamePattern, limits } from "turnwire/internal";
import { invalidRequest, missingParameter, ResponsesApiError, toApiError, unknownParameter } from "../api-error.ts";
import type { Fault } from "../faults/index.ts";
import { checkDepth } from "../validation/index.ts";
import { cancelledByClient } from "./generation.ts";
import { LaneResponder, type SessionOptions } from "./lane-responder.ts";
import { type Lane, LaneScheduler, type QueuedRequest } from "./lane-scheduler.ts";
import type { ServerCore } from "./server-core.ts";
import { type SessionSocket, SocketSink } from "./socket-sink.ts";

/** How long a connection past its age limit stays open to answer with the reason. */
const lingerMs = 1_000;

/** One connection of WebSocket mode: its lanes, its responses, its age. Knows no transport. */
export class Session {
  readonly id: number;
  readonly openedAt: number;
  readonly #core: ServerCore;
  readonly #socket: SessionSocket;
  readonly #scheduler: LaneScheduler;
  readonly #responder: LaneResponder;
  #cancelTimer: () => void;
  #requests = 0;
  /** `expired`: past its age, it only answers with the reason. `ended`: its socket is gone. */
  #state: "open" | "expired" | "ended" = "open";

  constructor(options: SessionOptions, core: ServerCore, socket: SessionSocket) {
    const { dialect } = core;
    this.id = options.id;
    this.#core = core;
    this.#socket = socket;
    this.openedAt = core.clock.now();
    this.#scheduler = new LaneScheduler(dialect.maxInFlight, limits.maxLanes);
    this.#responder = new LaneResponder(options, core, socket, this.#scheduler, () => {
      if (this.#state === "expired") throw connectionLimitReached(dialect.maxConnectionAgeMs);
    });
    this.#cancelTimer = core.clock.schedule(() => this.#expire(), dialect.maxConnectionAgeMs, { keepAlive: false });
  }

  /** How many requests have come over this connection. */
  get requests(): number {
    return this.#requests;
  }

  /** Forgets every response that could be continued. */
  evict(): void {
    this.#responder.evict();
  }

  /** Injects a fault that concerns the connection, not one of its requests. */
  inject(fault: Fault): void {
    this.#responder.inject(fault);
  }

  /** Ends the session when its socket is gone. */
  end(): void {
    this.#state = "ended";
    this.#cancelTimer();
    for (const { record } of this.#scheduler.abortAll()) {
      record.status = "cancelled";
      this.#core.log.end(record);
    }
  }

  /** Takes one message of the client. Never throws: mistakes are answered with an `error` event. */
  receive(text: string, bytes: number): void {
    if (this.#state === "ended") return;
    let lane: string | undefined;
    try {
      const event = parseObject(text);
      // A steer event names no lane; its response has one.
      if (event["type"] === "response.steer" && this.#core.dialect.steering.length > 0) {
        return this.#responder.steer(event);
      }
      lane = this.#laneName(event);
      this.#handle(event, lane, bytes);
    } catch (error) {
      this.#say(toApiError(error), lane);
    }
  }

  /** Answers a message that is not text. */
  receiveBinary(): void {
    this.#say(invalidRequest(null, "Binary messages are not supported: send JSON text."));
  }

  #handle(event: Record<string, unknown>, laneName: string | undefined, bytes: number): void {
    const type = event["type"];
    if (type === "response.create") this.#create(event, laneName, bytes);
    else if (type === "response.cancel") this.#cancel(event);
    else throw unsupportedEvent(type);
  }

  #create(body: Record<string, unknown>, laneName: string | undefined, bytes: number): void {
    this.#requests += 1;
    const number = this.#requests;
    const record = this.#core.log.add({ transport: "websocket", connection: this.id, lane: laneName, body, bytes });
    const lane = this.#scheduler.lane(laneName);
    const refuse = (error: ResponsesApiError): never => {
      record.status = "rejected";
      record.errorCode = error.code;
      this.#core.log.end(record);
      throw error;
    };
    if (lane === undefined) return refuse(tooManyLanes());
    const crowded = this.#crowded(lane);
    if (crowded !== undefined) return refuse(crowded);
    const controller = new AbortController();
    const queued: QueuedRequest = { lane, record, controller, run: () => this.#responder.answer(queued, number) };
    this.#scheduler.add(queued);
  }

  /** The reason to refuse a request that can neither be answered now nor wait. */
  #crowded(lane: Lane): ResponsesApiError | undefined {
    const { dialect, maxQueuedRequests } = this.#core;
    if (!this.#scheduler.isBusy(lane)) return undefined;
    if (dialect.whenBusy === "refuse") {
      return invalidRequest(
        null,
        "Another response is in flight on this connection. Send the next request after its end.",
        "response_already_in_flight",
      );
    }
    if (this.#scheduler.waiting < maxQueuedRequests) return undefined;
    return new ResponsesApiError({
      status: 429,
      code: "too_many_queued_requests",
      message: `At most ${maxQueuedRequests} requests of a connection can wait. Send more when some have been answered.`,
    });
  }

  #cancel(event: Record<string, unknown>): void {
    const id = event["response_id"];
    const queued = this.#scheduler.running().find(({ record }) => record.responseId === id && id !== undefined);
    if (queued !== undefined) queued.record.cancelRequested = true;
    const { cancel } = this.#core.dialect;
    if (cancel === "ignore") return;
    if (cancel === "refuse") throw unsupportedEvent("response.cancel");
    if (typeof id !== "string") throw missingParameter("response_id");
    if (queued === undefined) {
      throw invalidRequest(
        "response_id",
        `No response with id '${id.slice(0, 128)}' is in progress.`,
        "response_not_active",
      );
    }
    queued.controller.abort(cancelledByClient);
  }

  #laneName(event: Record<string, unknown>): string | undefined {
    const name = event["stream_id"];
    const { lanes } = this.#core.dialect;
    if (name === undefined || name === null || lanes === "ignore") return undefined;
    if (lanes === "refuse") throw unknownParameter("stream_id");
    if (typeof name === "string" && laneNamePattern.test(name)) return name;
    throw invalidRequest(
      "stream_id",
      "The 'stream_id' field must be a non-empty string with at most 256 characters and may only contain letters, numbers, underscores, hyphens, and periods.",
      "invalid_stream_id",
    );
  }

  #expire(): void {
    this.#state = "expired";
    this.#say(connectionLimitReached(this.#core.dialect.maxConnectionAgeMs));
    const close = (): void => this.#socket.close(1001, "connection limit reached");
    this.#cancelTimer = this.#core.clock.schedule(close, lingerMs, { keepAlive: false });
  }

  #say(error: ResponsesApiError, lane?: string): void {
    new SocketSink(this.#socket, this.#core.dialect.errors, lane).error(error);
  }
}

/** The text of the WebSocket mode guide. */
function tooManyLanes(): ResponsesApiError {
  return invalidRequest(
    "stream_id",
    `This WebSocket connection has reached its maximum number of distinct stream IDs (${limits.maxLanes}). Reuse an existing stream_id or open a new WebSocket connection.`,
    "websocket_stream_limit_reached",
  );
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest(null, "We could not parse the message: it is not valid JSON.", "invalid_json");
  }
  if (!isObject(value)) throw invalidRequest(null, "Invalid message: expected a JSON object.", "invalid_type");
  checkDepth(value);
  return value;
}

function unsupportedEvent(type: unknown): ResponsesApiError {
  if (type === undefined) return missingParameter("type");
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
