import type { WebsocketTarget } from "turnwire/provider";
import type { Fields, SocketEnds } from "./ledger.ts";
import { holdsSecret, secret } from "./secret.ts";
import type { Trace } from "../world/trace.ts";

/** The laws that every run must keep. */
export const laws = {
  "stale text": "no text of another response appears in a turn",
  text: "no text comes twice, and none is lost without an error",
  frames: "each inference has exactly one start and one end frame",
  ends: "every turn ends soon, and without an error only if it completes or is interrupted",
  arguments: "no function runs with invalid arguments",
  calls: "no function runs twice for one call, and each call is followed by exactly one output",
  replay: "no request is repeated after its output was delivered",
  secret: "no key appears in logs, errors or records",
  conversation: "the model sees exactly the conversation that the application holds",
  lanes: "no request is sent on a lane that is busy; a connection has at most 16 requests in flight and 32 lanes",
  stop: "after stop() no sockets are open and no timers are pending",
  rejection: "every rejected promise is handled, and no code uses the real clock",
  cause: "a turn fails only because of a fault that the simulation put into it",
  request: "every request is valid for the API",
  records: "each inference has one record, and the record is right",
} as const;

export type LawName = keyof typeof laws;

export interface Breach {
  law: LawName;
  what: string;
}

const clientEvents: ReadonlySet<unknown> = new Set(["response.create", "response.cancel", "response.steer"]);

/** Collects the breaches. */
export class Laws {
  readonly breaches: Breach[] = [];
  trace: Trace | undefined;

  break(law: LawName, what: string): void {
    this.breaches.push({ law, what });
    this.trace?.add("LAW", `${law} (${laws[law]}): ${what}`);
  }

  connects({ headers }: WebsocketTarget): void {
    if (headers?.["Authorization"] !== `Bearer ${secret}`) this.break("request", "the upgrade carries no key");
  }

  sends(fields: Fields): void {
    if (!clientEvents.has(fields["type"])) this.break("request", `an event of type ${String(fields["type"])}`);
    for (const field in fields) if (fields[field] === null) this.break("request", `${field} is null`);
    if (
      fields["type"] === "response.create" &&
      ("stream" in fields || "background" in fields || "response" in fields)
    ) {
      this.break("request", `fields that a WebSocket request must not have: ${Object.keys(fields).join(", ")}`);
    }
  }

  /** To be called before the request joins `socket.live`. */
  creates(socket: SocketEnds, lane: string | undefined, hasLanes: boolean): void {
    const inTheWay = hasLanes ? socket.live.find((request) => request.lane === lane) : socket.live[0];
    if (inTheWay !== undefined) {
      this.break(
        "lanes",
        `${socket.name} lane ${lane ?? "default"}: ${inTheWay.response?.id ?? "a request"} is still running there`,
      );
    }
    if (socket.live.length >= 16) this.break("lanes", `${socket.name}: ${socket.live.length + 1} in flight`);
    if (lane === undefined) return;
    socket.lanes.add(lane);
    if (socket.lanes.size > 32) this.break("lanes", `${socket.name}: ${socket.lanes.size} lanes`);
  }

  public(what: string, value: unknown): void {
    if (holdsSecret(value)) this.break("secret", `the key is in ${what}`);
  }
}
