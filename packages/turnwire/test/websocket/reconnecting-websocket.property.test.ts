import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { WebsocketClosedError } from "../../src/errors.ts";
import { type WebsocketConnection, ReconnectingWebsocket } from "../../src/websocket/index.ts";
import { MemoryNetwork, RecordingLogger, settle, stateOf, VirtualClock } from "@turnwire/test-kit";
import { target } from "./helpers.ts";

type Server = "accepts" | "accepts silently" | "accepts and dies" | "refuses" | "says nothing" | "forbids";
type Step =
  | {
      do:
        | "connect"
        | "reconnect"
        | "abort"
        | "disconnect"
        | "server closes"
        | "policy close"
        | "server dies"
        | "settle";
    }
  | { do: "advance"; ms: number };

const servers = fc.array(
  fc.constantFrom<Server>(
    "accepts",
    "accepts",
    "accepts silently",
    "accepts and dies",
    "refuses",
    "says nothing",
    "forbids",
  ),
  { minLength: 1, maxLength: 8 },
);
const steps = fc.array(
  fc.oneof(
    fc.constantFrom<Step>(
      { do: "connect" },
      { do: "reconnect" },
      { do: "abort" },
      { do: "disconnect" },
      { do: "server closes" },
      { do: "policy close" },
      { do: "server dies" },
      { do: "settle" },
      { do: "settle" },
    ),
    fc.constantFrom(1, 130, 260, 1000, 6000, 40_000).map((ms): Step => ({ do: "advance", ms })),
  ),
  { maxLength: 30 },
);

test("under any sequence of events there is one socket at a time, events are in order, every call ends, and nothing is left open", async () => {
  await fc.assert(fc.asyncProperty(servers, steps, run), { numRuns: 2000 });
});

async function run(behaviours: Server[], plan: Step[]): Promise<void> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork((server, index) => {
    const behaviour = behaviours[index % behaviours.length];
    if (behaviour === "refuses") server.refuse(503);
    else if (behaviour === "forbids") server.refuse(403);
    else if (behaviour === "accepts") server.accept();
    else if (behaviour === "accepts silently") server.goSilent().accept();
    else if (behaviour === "accepts and dies") server.accept().drop();
  });
  const service = new ReconnectingWebsocket(() => target, {
    environment: { clock, socketFactory: network.factory },
    logger: new RecordingLogger(),
  });
  const told: string[] = [];
  for (const event of ["connected", "disconnected", "reconnected", "connectionError"] as const) {
    service.on(event, () => void told.push(event));
  }
  const calls: Array<Promise<unknown>> = [];
  const signals: AbortSignal[] = [];
  let controller = new AbortController();
  let known: WebsocketConnection | undefined;
  const wait = async (call: Promise<WebsocketConnection>): Promise<void> => {
    known = await call.catch(() => known);
  };
  const doing: { [K in Step["do"]]: (step: Step) => unknown } = {
    connect: () => calls.push(wait(service.connect(controller.signal))),
    reconnect: () => {
      const cause = new WebsocketClosedError(1006, "", { retryable: true });
      if (known !== undefined) calls.push(wait(service.reconnect(known, cause, controller.signal)));
    },
    abort: () => {
      signals.push(controller.signal);
      controller.abort(new Error("enough"));
      controller = new AbortController();
    },
    disconnect: () => calls.push(service.disconnect()),
    "server closes": () => network.sockets.at(-1)?.close(1001),
    "policy close": () => network.sockets.at(-1)?.close(1008),
    "server dies": () => network.sockets.at(-1)?.drop(),
    settle: () => settle(),
    advance: (step) => clock.advance((step as Extract<Step, { do: "advance" }>).ms),
  };
  for (const step of plan) {
    await doing[step.do](step);
    await settle();
    expect(network.openCount).toBeLessThanOrEqual(1);
  }

  calls.push(service.disconnect());
  await clock.advance(2000);
  const pending = (await Promise.all(calls.map((call) => stateOf(call)))).filter((state) => state === "pending");
  expect(pending).toEqual([]);
  expect(service.connection).toBeUndefined();
  expect([clock.pending, network.openCount]).toEqual([0, 0]);
  expect([...signals, controller.signal].flatMap((signal) => getEventListeners(signal, "abort"))).toEqual([]);
  // For every connection the events are: connected, perhaps reconnected, then disconnected.
  expect(told.filter((event) => event !== "connectionError").join(" ")).toMatch(
    /^(?:connected (?:reconnected )?disconnected ?)*$/,
  );
}
