import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { ResponsesServer } from "@turnwire/server";
import { seenBy } from "@turnwire/test-kit";
import { cpuWaitMs } from "./calm.ts";
import { DelayProxy } from "./delay-proxy.ts";
import type { FarEndCommands, FarEndOptions } from "./far-end.ts";
import { modelOf, questionIn } from "./model.ts";
import { answer } from "./other-process.ts";
import { monotonicMs, PreciseTimers } from "./time.ts";
import type { UplinkOptions } from "./uplink.ts";

const { rttMs, model, lanes, cancel } = JSON.parse(process.argv[2]!) as FarEndOptions;
const timers = new PreciseTimers();

let dropNext: (() => void) | undefined;
const brain = modelOf(model, timers, () => {
  dropNext?.();
  dropNext = undefined;
});

const server = await ResponsesServer.start({ brain, lanes, cancel });
const serverPort = Number(new URL(server.url).port);
const links: DelayProxy[] = [];
const first = await link(rttMs);

const echo = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
echo.listen(0, "127.0.0.1");
await once(echo, "listening");
const near = (echo.address() as AddressInfo).port;
const echoProxy = await DelayProxy.start(near, rttMs, timers);

async function link(wantedMs: number, uplink?: UplinkOptions): Promise<{ id: number; port: number }> {
  const proxy = await DelayProxy.start(serverPort, wantedMs, timers, uplink);
  links.push(proxy);
  return { id: links.length - 1, port: proxy.port };
}

function drop(): number {
  for (const connection of server.connections) connection.terminate();
  return monotonicMs();
}

function cut(): number {
  for (const each of links) each.cut();
  return monotonicMs();
}

const commands: FarEndCommands = {
  shown: () =>
    server.requests
      .filter(({ conversation }) => conversation.length > 0)
      .map(({ conversation, bytes }) => ({
        question: questionIn(conversation),
        conversation: seenBy(conversation).join("\n"),
        items: conversation.length,
        bytes,
      })),
  reset: () => server.reset(),
  link,
  counts: (id = first.id) => links[id]!.counts,
  sent: (id) => links[id]!.takeSent(),
  drop,
  dropDuring: (afterMs) =>
    new Promise((resolve) => {
      dropNext = () => timers.at(monotonicMs() + afterMs, () => resolve(drop()));
    }),
  cut,
  cutDuring: (afterMs) =>
    new Promise((resolve) => {
      dropNext = () => timers.at(monotonicMs() + afterMs, () => resolve(cut()));
    }),
  cpuWaitMs,
  lateMs: () => [...links.flatMap(({ lateMs }) => lateMs), ...echoProxy.lateMs],
};

answer({ ...commands }, { server: first.port, direct: serverPort, echo: { far: echoProxy.port, near } });
