import { LLMock } from "@copilotkit/aimock";
import { DelayProxy } from "./delay-proxy.ts";
import type { AimockCommands } from "./aimock.ts";
import { answer } from "./other-process.ts";

const [, , words] = process.argv;
const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", chunkSize: 4 });
mock.onMessage(/./, { content: " yes".repeat(Number(words)) });
const target = Number(new URL(await mock.start()).port);

const commands: AimockCommands = {
  link: async (rttMs) => (await DelayProxy.start(target, rttMs)).port,
};
answer({ ...commands }, "ready");
