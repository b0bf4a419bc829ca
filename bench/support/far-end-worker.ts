/** The thread behind `FarEnd`. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { ResponsesServer } from "../../src/server/index.ts";
import { seenBy } from "../../test/openai/oracle.ts";
import { cpuWaitMs } from "./calm.ts";
import { DelayProxy } from "./delay-proxy.ts";
import type { Command, FarEndCommands, FarEndOptions } from "./far-end.ts";
import { modelOf, textOf } from "./model.ts";
import { monotonicMs, PreciseTimers } from "./time.ts";

const { rttMs, model, lanes, cancel } = workerData as FarEndOptions;
const port = parentPort!;
const timers = new PreciseTimers();

let dropNext: (() => void) | undefined;
const brain = modelOf(model, timers, () => {
  dropNext?.();
  dropNext = undefined;
});

const server = await ResponsesServer.start({ brain, lanes, cancel });
const proxy = await DelayProxy.start(Number(new URL(server.url).port), rttMs, timers);

const echo = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
echo.listen(0, "127.0.0.1");
await once(echo, "listening");
const near = (echo.address() as AddressInfo).port;
const echoProxy = await DelayProxy.start(near, rttMs, timers);

function drop(): number {
  for (const connection of server.connections) connection.terminate();
  return monotonicMs();
}

const commands: FarEndCommands = {
  shown: () =>
    server.requests
      .filter(({ conversation }) => conversation.length > 0)
      .map(({ conversation, bytes }) => ({
        question: textOf(conversation.at(-1)),
        conversation: seenBy(conversation).join("\n"),
        bytes,
      })),
  counts: () => proxy.counts,
  drop,
  dropDuring: (afterMs) =>
    new Promise((resolve) => {
      dropNext = () => timers.at(monotonicMs() + afterMs, () => resolve(drop()));
    }),
  cpuWaitMs,
  lateMs: () => [...proxy.lateMs, ...echoProxy.lateMs],
};

async function answer({ id, command, args }: { id: number; command: Command; args: [number] }): Promise<void> {
  port.postMessage({ id, answer: await commands[command](...args) });
}

port.on("message", (asked: Parameters<typeof answer>[0]) => void answer(asked));
port.postMessage({ server: proxy.port, echo: { far: echoProxy.port, near } });
