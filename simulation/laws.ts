import type { WebsocketTarget } from "turnwire/provider";
import type { Fields, SocketEnds } from "./ledger.ts";
import { holdsSecret, secret } from "./secret.ts";
import type { Trace } from "./trace.ts";

/** What must hold in every run. */
export const laws = {
  "stale text": "no text of another response in a turn",
  text: "no text twice, and none lost without an error",
  frames: "each inference has exactly one start and one end frame",
  ends: "every turn ends, soon, and quietly only when it was interrupted",
  arguments: "no tool is run on invalid arguments",
  calls: "no tool is run twice for one call, and each call has exactly one output, right behind it",
  replay: "no request is made again after its output was delivered",
  secret: "no key in logs, errors or records",
  conversation: "the model sees exactly the conversation that the application holds",
  lanes: "nothing is sent where a response lives; at most 16 in flight and 32 lanes",
  stop: "after stop() no sockets are open and no timers are pending",
  rejection: "no promise is rejected unhandled, and nothing uses the real clock",
  cause: "a turn fails only for what went wrong with it",
  request: "requests are such as the API takes",
  records: "each inference has one record, and it says what happened",
} as const;

export type LawName = keyof typeof laws;

/** A law that was broken. */
export interface Breach {
  law: LawName;
  what: string;
}

const clientEvents: ReadonlySet<unknown> = new Set(["response.create", "response.cancel", "response.steer"]);

/** Takes note of what is broken. */
export class Laws {
  readonly breaches: Breach[] = [];
  trace: Trace | undefined;

  break(law: LawName, what: string): void {
    this.breaches.push({ law, what });
    this.trace?.add("LAW", `${law} (${laws[law]}): ${what}`);
  }

  connects({ headers }: WebsocketTarget): void {
    if (headers?.["Authorization"] !== `Bearer ${secret}`) this.break("request", "no key on the upgrade");
  }

  sends(fields: Fields): void {
    if (!clientEvents.has(fields["type"])) this.break("request", `an event of type ${String(fields["type"])}`);
    for (const field in fields) if (fields[field] === null) this.break("request", `${field} is null`);
    if (
      fields["type"] === "response.create" &&
      ("stream" in fields || "background" in fields || "response" in fields)
    ) {
      this.break("request", `fields that do not belong there: ${Object.keys(fields).join(", ")}`);
    }
  }

  /** Before the request is counted among the connection's living ones. */
  creates(socket: SocketEnds, lane: string | undefined, hasLanes: boolean): void {
    const inTheWay = hasLanes ? socket.live.find((request) => request.lane === lane) : socket.live[0];
    if (inTheWay !== undefined) {
      this.break(
        "lanes",
        `${socket.name} lane ${lane ?? "default"}: ${inTheWay.response?.id ?? "a request"} lives there`,
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
