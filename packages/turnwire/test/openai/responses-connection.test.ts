import { describe, expect, it } from "vitest";
import { completed, created, MemoryNetwork, type MemorySocket, RecordingLogger, settle } from "@turnwire/test-kit";
import { systemClock } from "../../src/async/index.ts";
import type { Exchange } from "../../src/openai/connection/exchange.ts";
import { Tenant } from "../../src/openai/connection/tenant.ts";
import { ResponsesConnection } from "../../src/openai/connection/responses-connection.ts";
import { ServerCapabilities } from "../../src/openai/connection/server-capabilities.ts";
import { Conversation, ItemLog } from "../../src/openai/request/conversation.ts";
import type { Steer } from "../../src/openai/response/steer-ledger.ts";
import { ReconnectingWebsocket } from "../../src/websocket/index.ts";

const nothing = new Conversation(new ItemLog(), []);

interface Opened {
  server: MemorySocket;
  tenant: Tenant;
  /** Begins an exchange and sends its request. */
  ask(): Exchange;
}

async function open(lanes: boolean): Promise<Opened> {
  const network = new MemoryNetwork();
  const websocket = new ReconnectingWebsocket(() => ({ url: "ws://server", headers: {} }), {
    heartbeat: false,
    environment: { socketFactory: network.factory },
  });
  const capabilities = new ServerCapabilities(60_000);
  capabilities.learnLanes(lanes);
  const logger = new RecordingLogger();
  const settings = { capabilities, drainTimeoutMs: 60_000, logger, clock: systemClock };
  const connection = new ResponsesConnection(await websocket.connect(), settings);
  const tenant = new Tenant();
  const ask = (): Exchange => {
    const request = { tenant, tenants: 1, parent: undefined, conversation: nothing, reader: "turn" } as const;
    const exchange = connection.begin(request)!;
    exchange.send("{}");
    return exchange;
  };
  return { server: network.last, tenant, ask };
}

const piece = (lane: string): object => ({ type: "response.output_text.delta", stream_id: lane, delta: "word" });
const pieces = (lane: string, count: number): object[] => Array.from({ length: count }, () => piece(lane));

describe("a slow reader", () => {
  it("has the socket paused while events wait for it, and only then", async () => {
    const { server, ask } = await open(true);
    const exchange = ask();
    server.send(...pieces("1", 1023));
    await settle();
    expect(server.paused).toBe(false);
    server.send(piece("1"));
    await settle();
    expect(server.paused).toBe(true);
    for (let count = 0; count < 511; count += 1) exchange.poll();
    expect(server.paused).toBe(true);
    exchange.poll();
    expect(server.paused).toBe(false);
  });

  it("holds up no other reader on the connection", async () => {
    const { server, ask } = await open(true);
    ask();
    server.send(...pieces("1", 1024));
    await settle();
    expect(server.paused).toBe(true);
    const other = ask();
    expect(server.paused).toBe(false);
    server.send(...pieces("1", 100), piece("2"));
    await settle();
    expect(other.poll()).toMatchObject({ stream_id: "2" });
    other.abandon();
    expect(server.paused).toBe(true);
  });

  it("that leaves holds up no other", async () => {
    const { server, ask, tenant } = await open(true);
    const exchange = ask();
    server.send(...pieces("1", 1024));
    await settle();
    exchange.abandon();
    expect(server.paused).toBe(false);
    expect(tenant.takeWasted()).toBe(1024 * "word".length);
    expect(tenant.takeWasted()).toBe(0);
  });
});

describe("an exchange that is abandoned", () => {
  const cancels = ({ sent }: MemorySocket): unknown[] => sent.slice(1).map((message) => JSON.parse(String(message)));
  const cancel = { type: "response.cancel", response_id: "r1" };

  it("is cancelled at once while its response is running", async () => {
    const { server, ask } = await open(false);
    const exchange = ask();
    server.send(created("r1"));
    await settle();
    exchange.abandon();
    expect(cancels(server)).toEqual([cancel]);
    expect(exchange.phase).toEqual({ kind: "streaming", responseId: "r1" });
    server.send(completed("r1", "a"));
    await settle();
    expect(exchange.phase.kind).toBe("closed");
  });

  it("is cancelled as soon as its response begins", async () => {
    const { server, ask } = await open(false);
    const exchange = ask();
    exchange.abandon();
    expect(cancels(server)).toEqual([]);
    server.send(created("r1"));
    await settle();
    expect(cancels(server)).toEqual([cancel]);
  });

  it("is over, and not cancelled, when the response has ended unread; the lane keeps it", async () => {
    const { server, ask } = await open(false);
    const exchange = ask();
    server.send(created("r1"), completed("r1", "a"));
    await settle();
    exchange.abandon();
    expect(cancels(server)).toEqual([]);
    expect(exchange.phase.kind).toBe("closed");
    expect(exchange.lane.latest).toMatchObject({ responseId: "r1" });
  });

  it("is over when the server has refused the request", async () => {
    const { server, ask } = await open(false);
    const exchange = ask();
    exchange.abandon();
    server.send({ type: "error", error: { code: "rate_limit_exceeded" } });
    await settle();
    expect(exchange.phase.kind).toBe("closed");
  });
});

const begun = { type: "response.created", response: { id: "r1", status: "in_progress", output: [] } };

describe("a steer", () => {
  const steer = (): Steer => ({
    input: "And?",
    messages: [],
    items: [],
    resolve: () => undefined,
    reject: () => undefined,
  });

  it("is sent to a response that is running", async () => {
    const { server, ask } = await open(true);
    const exchange = ask();
    server.send({ ...begun, stream_id: "1" });
    await settle();
    expect(exchange.steer("{}", steer())).toBe(true);
  });

  it.each([
    ["has been left", (exchange: Exchange) => exchange.abandon()],
    ["is over", (exchange: Exchange) => exchange.end()],
  ])("is not sent to an exchange that %s: it waits for the next attempt", async (_, leave) => {
    const { server, ask } = await open(true);
    const exchange = ask();
    server.send({ ...begun, stream_id: "1" });
    await settle();
    leave(exchange);
    const sent = server.sent.length;
    expect(exchange.steer("{}", steer())).toBe(false);
    expect(server.sent.length).toBe(sent);
  });
});
