import type { Fields, ModelResponse, Request } from "../laws/ledger.ts";
import type { Mark, Peer, SimSocket } from "../world/network.ts";
import { cancelRefusal } from "./cancel.ts";
import { connectionLimit, errorEvent, type ErrorShape, notFound, type ServerError } from "./errors.ts";
import type { Generation, Lane } from "./generation.ts";
import type { ServerHost } from "./host.ts";
import { type ScriptLine, writeScript } from "./script.ts";
import { Steering } from "./steering.ts";

const maxInFlight = 16;
const maxLanes = 32;

/** The server's end of one connection: its lanes, its cache of responses, and the responses it is generating. */
export class ServerConnection implements Peer {
  readonly #host: ServerHost;
  readonly #socket: SimSocket;
  readonly #lanes = new Map<string | undefined, Lane>();
  /** The responses that a request can continue: the latest completed one of each lane. */
  readonly #known = new Map<string, ModelResponse>();
  /** Ids for which the server has already answered that it does not have the response. */
  readonly #toldGone = new Set<string>();
  readonly #steering: Steering;
  #inFlight = 0;
  #ended = false;

  constructor(host: ServerHost, socket: SimSocket) {
    this.#host = host;
    this.#socket = socket;
    this.#steering = new Steering(host, (event, mark) => this.#send(event, mark));
  }

  onMessage(data: string, request: Request | undefined): void {
    if (this.#ended) return;
    if (request !== undefined) {
      this.#create(request);
      return;
    }
    const fields = JSON.parse(data) as Record<string, unknown>;
    if (fields["type"] === "response.cancel") this.#cancel(String(fields["response_id"]));
    else if (fields["type"] === "response.steer") this.#steering.steer(fields, this.#generations());
  }

  onClose(): void {
    this.#ended = true;
    for (const { entry } of this.#generations()) if (entry !== undefined) entry.fire = undefined;
  }

  #create(request: Request): void {
    const { server, seed } = this.#host.scenario;
    const { lane: name } = request;
    const ageMs = this.#host.timeline.now - this.#socket.openedAtMs;
    if (ageMs > server.maxAgeMs) return this.#refuse(request, connectionLimit, "wrapped");
    if (name !== undefined && server.lanes === "refused") {
      const error = {
        code: "unknown_parameter",
        status: 400,
        message: "Unknown parameter: 'stream_id'.",
        param: "stream_id",
      };
      return this.#refuse(request, error, seed % 2 === 0 ? "wrapped" : "flat");
    }
    if (request.warmUp && server.warmUp === "refused") {
      const error = {
        code: "unknown_parameter",
        status: 400,
        message: "Unknown parameter: 'generate'.",
        param: "generate",
      };
      return this.#refuse(request, error, "wrapped");
    }
    const lane = this.#laneOf(server.lanes === "known" ? name : undefined);
    if (this.#lanes.size > maxLanes + 1) {
      const code = "websocket_stream_limit_reached";
      return this.#refuse(request, { code, status: 400, message: "Too many lanes." }, "wrapped");
    }
    lane.queue.push(request);
    this.#startNext(lane);
  }

  #laneOf(name: string | undefined): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, (lane = { name, queue: [], active: undefined, latest: undefined }));
    return lane;
  }

  #startNext(lane: Lane): void {
    if (lane.active !== undefined || this.#inFlight >= maxInFlight) return;
    const request = lane.queue.shift();
    if (request === undefined) return;
    const { reply, parentId } = request;
    const parent = parentId === undefined ? undefined : this.#known.get(parentId);
    const gone = parentId !== undefined && (parent === undefined || reply.evicted);
    if (gone || reply.fault?.kind === "refused") {
      if (gone) this.#forget(parentId);
      // A continuation that fails on the lane of its parent drops the parent; a fork that fails does not.
      if (parent !== undefined && lane.latest === parent) this.#forget(parent.id);
      const refused = reply.fault?.kind === "refused" ? reply.fault : undefined;
      if (gone) this.#refuse(request, notFound, refused?.shape === "message" ? "message" : "wrapped");
      else if (refused !== undefined) this.#refuse(request, refused.error, refused.shape);
      this.#startNext(lane);
      return;
    }
    if (this.#host.scenario.server.drops === "at start" && lane.latest !== undefined) this.#forget(lane.latest.id);
    this.#generate(lane, this.#host.newResponse(request));
  }

  #generate(lane: Lane, response: ModelResponse): void {
    const { reply } = response.request;
    const echo = lane.name === undefined ? {} : { stream_id: lane.name };
    const lines = writeScript(response, this.#saysNothing(response.request) ? { ...reply, sayings: [] } : reply, echo);
    response.after = response.request.view.withItems(response.output);
    const generation = { lane, response, lines, next: 0, entry: undefined, refusals: 0, steers: [] };
    lane.active = generation;
    this.#inFlight += 1;
    this.#later(generation, reply.firstMs);
  }

  #saysNothing(request: Request): boolean {
    return request.warmUp && this.#host.scenario.server.warmUp === "known";
  }

  #later(generation: Generation, ms: number): void {
    generation.entry = this.#host.timeline.schedule(ms, () => this.#advance(generation));
  }

  #advance(generation: Generation): void {
    const { response, lines } = generation;
    const { reply } = response.request;
    const successor = this.#steering.turnsOff(generation);
    if (successor !== undefined) {
      this.#finish(generation);
      this.#generate(generation.lane, successor);
      return;
    }
    for (let left = reply.together; left > 0 && generation.next < lines.length; left -= 1) {
      this.#tell(generation, lines.at(generation.next++)!);
    }
    if (generation.next < lines.length && !this.#ended) this.#later(generation, reply.gapMs);
  }

  #tell(generation: Generation, line: ScriptLine): void {
    const { request } = generation.response;
    if (line.kind === "closed") this.#socket.drop(line.code);
    else if (line.kind === "half-open") this.#socket.goSilent();
    else if (line.kind === "raw") this.#socket.deliver(line.data, { request, role: "other" });
    else {
      this.#send(line.event, { request, role: line.role });
      if (line.role === "end") this.#finish(generation);
    }
  }

  /** Called when the response is over for the server. The lines that are left in its script are noise. */
  #finish(generation: Generation): void {
    const { lane, response } = generation;
    if (lane.active !== generation) return;
    lane.active = undefined;
    this.#inFlight -= 1;
    if (response.ending === "completed") {
      if (lane.latest !== undefined) this.#known.delete(lane.latest.id);
      lane.latest = response;
      this.#known.set(response.id, response);
    } else {
      const { parentId } = response.request;
      if (response.ending === "failed" && lane.latest?.id === parentId) this.#forget(parentId);
    }
    if (response.incompleteReason !== "steered") this.#steering.ended(generation);
    this.#sendRefusals(generation);
    this.#goBad(response.request);
    for (const waiting of [lane, ...this.#lanes.values()]) this.#startNext(waiting);
  }

  #forget(id: string | undefined): void {
    if (id === undefined) return;
    this.#known.delete(id);
    for (const lane of this.#lanes.values()) if (lane.latest?.id === id) lane.latest = undefined;
  }

  #cancel(responseId: string): void {
    const { server } = this.#host.scenario;
    const generation = this.#generations().find(({ response }) => response.id === responseId);
    if (server.cancel === "ignored") return;
    if (server.cancel !== "honoured") {
      if (server.cancel === "refused before" || generation === undefined) return this.#refuseCancel(responseId);
      generation.refusals += 1;
      if (server.cancel === "refused among") this.#host.timeline.schedule(25, () => this.#sendRefusals(generation));
    } else if (generation === undefined) {
      if (server.refusal !== "clear" && server.refusal !== "field") this.#refuseCancel(responseId);
    } else {
      this.#endCancelled(generation);
    }
  }

  #endCancelled(generation: Generation): void {
    const { response, lane } = generation;
    if (generation.entry !== undefined) generation.entry.fire = undefined;
    generation.next = generation.lines.length;
    response.ending = "cancelled";
    const { cancelledAs } = this.#host.scenario.server;
    const status = cancelledAs === "incomplete" ? "incomplete" : "cancelled";
    const details = cancelledAs === "incomplete" ? { incomplete_details: { reason: "cancelled" } } : {};
    const event = {
      type: `response.${cancelledAs}`,
      response: { id: response.id, status, output: [], ...details },
      ...(lane.name === undefined ? {} : { stream_id: lane.name }),
    };
    this.#send(event, { request: response.request, role: "end" });
    this.#finish(generation);
  }

  /** Sends the refusals of cancels, at the latest after the response's last event. */
  #sendRefusals(generation: Generation): void {
    for (; generation.refusals > 0; generation.refusals -= 1) this.#refuseCancel(generation.response.id);
  }

  #refuseCancel(responseId: string): void {
    const event = cancelRefusal(this.#host.scenario.server.refusal, responseId);
    this.#send(event, { request: undefined, role: "cancel refused" });
  }

  #refuse(request: Request, error: ServerError, shape: ErrorShape): void {
    const { parentId } = request;
    const again = error === notFound && parentId !== undefined && this.#toldGone.has(parentId);
    if (error === notFound && parentId !== undefined) this.#toldGone.add(parentId);
    this.#host.refused(request, error, shape, again);
    const echo =
      request.lane !== undefined && this.#host.scenario.server.lanes === "known" ? { stream_id: request.lane } : {};
    this.#send({ ...errorEvent(error, shape), ...echo }, { request, role: "refused" });
  }

  /** Applies the fault that befalls an idle connection. */
  #goBad({ reply }: Request): void {
    if (reply.idle === "nothing") return;
    this.#host.timeline.schedule(reply.idleMs, () => {
      if (this.#ended) return;
      if (reply.idle === "closed") this.#socket.drop(1001);
      else if (reply.idle === "half-open") this.#socket.goSilent();
      else {
        const error = { code: "server_error", status: 500, message: "Something happened." };
        const event = errorEvent(reply.idle === "limit" ? connectionLimit : error, "wrapped");
        this.#send(event, { request: undefined, role: "idle error" });
        // From here on the connection accepts no message; it closes soon.
        this.onClose();
        this.#host.timeline.schedule(10, () => this.#socket.drop(1000));
      }
    });
  }

  #send(event: Fields, mark: Mark): void {
    if (!this.#ended) this.#socket.deliver(JSON.stringify(event), mark);
  }

  #generations(): Generation[] {
    const generations: Generation[] = [];
    for (const { active } of this.#lanes.values()) if (active !== undefined) generations.push(active);
    return generations;
  }
}
