import { execFile } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { WebsocketClosedError } from "../../src/errors.ts";
import { ReconnectingWebsocket } from "../../src/websocket/index.ts";
import { rejection } from "@turnwire/test-kit";
import { LoopbackServer, refuseWith } from "./helpers.ts";

/** The resources that keep this process alive, counted by kind. */
function held(): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    sockets: kinds["TCPSocketWrap"] ?? 0,
    connects: kinds["TCPConnectWrap"] ?? 0,
    timers: kinds["Timeout"] ?? 0,
  };
}

test("connects, loses the connection, replaces it and disconnects", async () => {
  await using server = await LoopbackServer.start();
  const service = new ReconnectingWebsocket(() => server.target);
  const told: string[] = [];
  service.on("connected", () => void told.push("connected"));
  service.on("disconnected", (error) => void told.push(`disconnected ${error.closeCode}`));
  service.on("reconnected", () => void told.push("reconnected"));

  const connection = await service.connect();
  expect(await service.verify()).toBe(true);
  connection.send("hello");
  const client = await server.next();
  client.terminate();
  const cause = await rejection(connection.receive());
  expect(cause).toBeInstanceOf(WebsocketClosedError);
  const replacement = await service.reconnect(connection, cause as WebsocketClosedError);
  (await server.next()).send("welcome back");
  expect(await replacement.receive()).toBe("welcome back");
  await service.disconnect();
  expect(told).toEqual(["connected", "disconnected 1006", "connected", "reconnected", "disconnected 1000"]);
});

test("tries again after a retryable refusal until the server accepts", async () => {
  let refusals = 2;
  const refuse = refuseWith("503 Service Unavailable", ["Retry-After: 1"], "busy");
  await using server = await LoopbackServer.start((request, socket) => {
    if (refusals === 0) return false;
    refusals -= 1;
    refuse(request, socket);
    return true;
  });
  const service = new ReconnectingWebsocket(() => server.target, { backoff: { initialDelayMs: 2 } });
  const connection = await service.connect();
  expect(connection.isOpen).toBe(true);
  expect(server.requests).toHaveLength(3);
  await service.disconnect();
});

test("connecting and disconnecting 200 times leaves no socket and no timer", async () => {
  await using server = await LoopbackServer.start();
  const service = new ReconnectingWebsocket(() => server.target);
  const before = held();
  for (let count = 0; count < 200; count += 1) {
    const connection = await service.connect();
    const client = await server.next();
    const ended = once(client, "close");
    connection.send("hello");
    await service.disconnect();
    await ended;
  }
  expect(server.openCount).toBe(0);
  expect(server.requests).toHaveLength(200);
  await expect.poll(held).toEqual(before);
});

test("a process exits by itself after it has disconnected", async () => {
  await using server = await LoopbackServer.start();
  const source = fileURLToPath(new URL("../../src/websocket/index.ts", import.meta.url));
  const script = `
    import { ReconnectingWebsocket } from ${JSON.stringify(source)};
    const service = new ReconnectingWebsocket(() => (${JSON.stringify(server.target)}));
    const connection = await service.connect();
    connection.send("hello");
    await service.disconnect();
    await service.connect();
    await service.disconnect();
    console.log("disconnected");
  `;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
  // The limit ends a process that hangs, which then gives an error instead of the output.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { timeout: 10_000 });
  expect([stdout, stderr]).toEqual(["disconnected\n", ""]);
});
