import { SimEndpoint } from "./endpoint.ts";
import type {
  Endpoint,
  Excuse,
  Fields,
  LiveTurn,
  Match,
  ModelResponse,
  Party,
  Request,
  SocketEnds,
} from "../laws/ledger.ts";
import { Laws } from "../laws/laws.ts";
import { isAmbiguous } from "../model/cancel.ts";
import { type ErrorShape, notFound, saysItsCode, type ServerError } from "../model/errors.ts";
import { drawReply } from "../model/reply.ts";
import { ServerModel } from "../model/server.ts";
import type { Mark, NetworkHost } from "./network.ts";
import type { ServerHost } from "../model/host.ts";
import { mix } from "./random.ts";
import type { Scenario } from "../scenario.ts";
import { emptyStats, type Stats } from "../runner/stats.ts";
import { Timeline } from "./timeline.ts";
import { brief, Trace } from "./trace.ts";
import { View } from "../laws/view.ts";

const finalCloseCodes: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);
const noWebsocketHere: ReadonlySet<number> = new Set([403, 404, 426, 501]);
const youngMs = 5000;

/**
 * The whole state of a run. It connects the parts: it finds the turn that each request belongs to, and records which faults hit
 * which turn.
 */
export class World implements NetworkHost, ServerHost {
  readonly scenario: Scenario;
  readonly timeline: Timeline;
  readonly laws = new Laws();
  readonly stats: Stats = emptyStats();
  readonly server: ServerModel;
  readonly trace: Trace | undefined;
  readonly conversations: Party[] = [];
  readonly endpoints: SimEndpoint[] = [];
  readonly responses = new Map<string, ModelResponse>();
  #requests = 0;

  constructor(scenario: Scenario, options: { trace: boolean }) {
    this.scenario = scenario;
    this.timeline = new Timeline(scenario.seed % 16 === 0);
    if (options.trace) this.trace = new Trace(() => this.timeline.now);
    this.laws.trace = this.trace;
    this.server = new ServerModel(this);
  }

  newEndpoint(name: string): SimEndpoint {
    const endpoint = new SimEndpoint(this, name, mix(this.scenario.seed, 1000 + this.endpoints.length));
    this.endpoints.push(endpoint);
    return endpoint;
  }

  /** Records a message that a client sends over a socket. Returns the request if the message is one. */
  sent(socket: SocketEnds, data: string): Request | undefined {
    const fields = JSON.parse(data) as Fields;
    this.trace?.add(socket.name, `→ ${brief(data)}`);
    this.laws.sends(fields);
    this.stats.bytes += data.length;
    if (fields["type"] !== "response.create") return undefined;
    const lane = fields["stream_id"] as string | undefined;
    this.laws.creates(socket, lane, this.scenario.server.lanes === "known");
    const request = this.#newRequest(fields, socket);
    socket.live.push(request);
    if (socket.silent) this.#excuse(request, "the connection is half-open");
    return request;
  }

  httpFailed({ turn }: Request): void {
    this.#fault(turn, "the HTTP request failed", () => 2);
  }

  /** Records a request over HTTP. */
  requested(fields: Fields): Request {
    this.trace?.add("http", `→ ${brief(JSON.stringify(fields))}`);
    return this.#newRequest(fields, undefined);
  }

  newResponse(request: Request): ModelResponse {
    const response: ModelResponse = {
      id: `r${this.responses.size + 1}`,
      request,
      text: "",
      calls: [],
      output: [],
      ending: undefined,
      incompleteReason: undefined,
      outputArrived: false,
      after: request.view,
      predecessor: undefined,
      successor: undefined,
      pendingSteers: [],
    };
    request.response = response;
    const { fault } = request.reply;
    if (fault?.kind === "failed") {
      const isKnown = fault.error.code !== "" && (fault.form === "failed" || saysItsCode(fault.error, fault.shape));
      const mayTryAgain = isKnown && fault.error.busy === true && this.scenario.recovers;
      this.#fault(request.turn, "the response failed", () => (mayTryAgain && !response.outputArrived ? 1 : 2));
    }
    this.responses.set(response.id, response);
    return response;
  }

  /** Creates the response that takes over from a steered one. */
  newSuccessor(before: ModelResponse, steers: readonly unknown[]): ModelResponse {
    const { request } = before;
    const seed = mix(request.number, this.scenario.seed + this.responses.size);
    const reply = { ...drawReply(seed, this.scenario, true), fault: undefined, evicted: false };
    const response = this.newResponse({ ...request, view: before.after.withItems(steers), reply, response: undefined });
    before.successor = response;
    response.predecessor = before;
    return response;
  }

  /** The response whose text begins like `text`. */
  speakerOf(text: string): ModelResponse | undefined {
    const id = /^(r\d+)\./.exec(text)?.[1];
    return id === undefined ? undefined : this.responses.get(id);
  }

  /** Whether `text` consists of beginnings of what responses said. */
  wasSaid(text: string): boolean {
    let rest = text;
    while (rest !== "") {
      const said = this.speakerOf(rest)?.text;
      if (said === undefined) return false;
      let length = 0;
      while (length < rest.length && rest[length] === said[length]) length += 1;
      if (length === 0) return false;
      rest = rest.slice(length);
    }
    return true;
  }

  /** The server refuses a request. `again`: it has refused the same parent with the same error before. */
  refused({ turn, parentId }: Request, error: ServerError, shape: ErrorShape, again: boolean): void {
    const mustBeMended = again || error.code === "unknown_parameter";
    const isMendable =
      (error.mendable === true && (error !== notFound || parentId !== undefined)) ||
      (error.busy === true && this.scenario.recovers);
    const weight = mustBeMended ? 0 : isMendable && saysItsCode(error, shape) ? 1 : 2;
    this.#fault(turn, `the server said ${error.code || "an error without a code"}`, () => weight);
  }

  /** The client is about to receive a message of the server. */
  arriving(socket: SocketEnds, { request, role }: Mark, data: string): void {
    this.trace?.add(socket.name, `← ${role === "other" ? "" : `[${role}] `}${brief(data)}`);
    if (role === "idle error") {
      for (const living of socket.live) this.#fault(living.turn, "an error of the connection came", () => 2);
      socket.live.length = 0;
    } else if (role === "cancel refused" && isAmbiguous(this.scenario.server.refusal)) {
      // A retry repairs it, unless the refusal may be the error that ends the response under way.
      for (const { turn, begun } of socket.live)
        this.#fault(turn, "a cancel's ambiguous answer came", () => (begun ? 2 : 1));
    }
    if (request === undefined) return;
    // A successor shows that the server applied the steer, which cannot be undone either.
    const isSuccessor = role === "created" && request.response?.predecessor !== undefined;
    if (role === "created") request.begun = true;
    if ((role === "output" || isSuccessor) && request.response !== undefined) request.response.outputArrived = true;
    if (role === "end" || role === "refused") this.#over(request, socket);
    request.turn?.onEvent(false);
  }

  arrived({ request }: Mark): void {
    request?.turn?.onEvent(true);
  }

  /** The server's close has reached the client. */
  lost(socket: SocketEnds, code: number): void {
    const { endpoint } = socket;
    const isFinal = finalCloseCodes.has(code) || this.scenario.options.reconnectOnError === false;
    const isYoung = this.timeline.now - socket.openedAtMs < youngMs;
    endpoint.diedYoung = isYoung ? endpoint.diedYoung + 1 : 0;
    // A connection that closes before it carried a request counts as a failed attempt to connect.
    if (socket.live.length > 0) endpoint.failedTries = 0;
    const weight = socket.live.length > 0 ? 1 : Math.max(1, this.#failedTry(endpoint));
    for (const request of socket.live) this.#excuse(request, `the connection closed with ${code}`, isFinal);
    this.#waiting(endpoint, "a connection died", isFinal ? 2 : weight);
    if (endpoint.diedYoung >= 3) this.#waiting(endpoint, "connections died young", 2);
  }

  silenced(socket: SocketEnds): void {
    for (const request of socket.live) this.#excuse(request, "the connection went half-open");
    this.#waiting(socket.endpoint, "a connection went half-open", 0.5);
  }

  connectFailed(endpoint: Endpoint, what: string): void {
    this.#waiting(endpoint, `connecting failed: ${what}`, this.#failedTry(endpoint));
  }

  upgradeRefused(endpoint: Endpoint, status: number): void {
    const isFinal = status !== 429 && (status < 500 || status === 501);
    // This refusal must not fail a turn that can use HTTP instead.
    const isAvoidable = this.scenario.recovers && noWebsocketHere.has(status);
    const weight = this.#failedTry(endpoint);
    this.#waiting(endpoint, `the upgrade was refused with ${status}`, isAvoidable ? 0 : isFinal ? 2 : weight);
  }

  /**
   * The weight of a failed attempt to connect. Every fourth is enough to fail a turn, also one that joined the connecting late.
   */
  #failedTry(endpoint: Endpoint): number {
    endpoint.failedTries += 1;
    return endpoint.failedTries % 4 === 0 ? 2 : 0.75;
  }

  #waiting(endpoint: Endpoint, what: string, weight: number): void {
    for (const { turn, service } of this.conversations) {
      if (service.endpoint === endpoint) this.#fault(turn, what, () => weight);
    }
  }

  /** A fault that one retry repairs, unless a part of the answer has arrived. */
  #excuse(request: Request, what: string, isFinal = false): void {
    const mayTryAgain = !isFinal && this.scenario.options.reconnectOnError !== false;
    this.#fault(request.turn, what, () => (mayTryAgain && !hasArrived(request.response) ? 1 : 2));
  }

  #fault(turn: LiveTurn | undefined, what: string, weight: Excuse["weight"]): void {
    if (turn === undefined) return;
    this.stats.faults += 1;
    turn.excuses.push({ what, weight });
  }

  #over(request: Request, socket: SocketEnds): void {
    if (request.overAtMs !== undefined) return;
    request.overAtMs = this.timeline.now;
    socket.endpoint.failedTries = 0;
    const index = socket.live.findIndex(({ number }) => number === request.number);
    if (index !== -1) socket.live.splice(index, 1);
    const ending = request.response?.ending;
    const isAnswered = ending === "completed" || ending === "incomplete";
    if (isAnswered && request.turn?.isCut === false) socket.endpoint.diedYoung = 0;
  }

  #newRequest(fields: Fields, socket: SocketEnds | undefined): Request {
    const { seed } = this.scenario;
    const view = this.#viewOf(fields);
    const warmUp = fields["generate"] === false;
    const match = warmUp ? undefined : this.#turnOf(view);
    const turn = match?.turn;
    const number = ++this.#requests;
    const isAnswer = Array.isArray(fields["input"]) && isToolOutput(fields["input"].at(-1));
    const replySeed = turn === undefined ? mix(seed, number) : mix(turn.seed, turn.requests.length);
    const request: Request = {
      number,
      fields,
      socket,
      lane: fields["stream_id"] as string | undefined,
      parentId: fields["previous_response_id"] as string | undefined,
      view,
      warmUp,
      turn,
      inference: match?.inference ?? 0,
      resumes: match?.resumes,
      sentAtMs: this.timeline.now,
      reply: drawReply(replySeed, this.scenario, isAnswer),
      response: undefined,
      begun: false,
      overAtMs: undefined,
    };
    this.stats.requests += 1;
    if (turn !== undefined) {
      turn.requests.push(request);
      turn.checkFields(fields);
    }
    return request;
  }

  #viewOf(fields: Fields): View {
    const { input } = fields;
    const parentId = fields["previous_response_id"] as string | undefined;
    let view = View.empty;
    let items = Array.isArray(input) ? (input as unknown[]) : [{ role: "user", content: input }];
    if (parentId !== undefined) {
      const parent = this.responses.get(parentId);
      if (parent === undefined) this.laws.break("conversation", `continues ${parentId}, which does not exist`);
      view = parent?.after ?? view;
      if (parent !== undefined && parent.pendingSteers.length > 0) {
        const outputs = items.filter(isToolOutput);
        items = [...outputs, ...parent.pendingSteers, ...items.filter((item) => !isToolOutput(item))];
      }
    }
    return view.withItems(items);
  }

  /** The turn whose application holds exactly this conversation now. */
  #turnOf(view: View): Match | undefined {
    for (const { turn } of this.conversations) {
      const match = turn?.match(view);
      if (match !== undefined) return match;
    }
    const live = this.conversations.flatMap(({ turn }) => (turn === undefined ? [] : [turn.heldText()]));
    const held = `held by ${live.length} live turns:${live.join("\n--")}`;
    this.laws.break("conversation", `sent, with what it continues:${view.text}\n${held}`);
    return undefined;
  }
}

/** Whether any output of an answer has reached the client, before or after steering. */
function hasArrived(response: ModelResponse | undefined): boolean {
  return response !== undefined && (response.outputArrived || hasArrived(response.successor));
}

function isToolOutput(item: unknown): boolean {
  return (item as Fields | undefined)?.["type"] === "function_call_output";
}
