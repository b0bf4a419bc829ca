/** The process that measures one client: `node client-process.ts <client>`. */
import { allocation } from "../tasks/allocation.ts";
import { burst } from "../tasks/burst.ts";
import { idle } from "../tasks/idle.ts";
import { load } from "../tasks/load.ts";
import { marathon } from "../tasks/marathon.ts";
import type { Client, ClientTool, Conversation } from "../clients/client.ts";
import type { ClientCommands } from "./client-under-test.ts";
import type { Heard } from "./heard.ts";
import type { Question } from "./model.ts";
import { answer } from "./other-process.ts";
import { monotonicMs } from "./time.ts";
import { cpuWaitMs } from "./calm.ts";

const [, , id] = process.argv;
const { client } = (await import(new URL(`../clients/${id}.ts`, import.meta.url).href)) as { client: Client };

const open = new Map<number, Conversation>();
let opened = 0;

function lookUp(bytes: number): ClientTool {
  const execute = (query: string): string =>
    `${query}: ${"what was found, ".repeat(Math.ceil(bytes / 16))}`.slice(0, bytes);
  return { name: "look_up", description: "Looks something up.", parameter: "query", execute };
}

async function say(
  conversation: Conversation,
  question: Question,
  { cutAfter = Infinity, limitMs = 60_000 }: { cutAfter?: number; limitMs?: number | undefined } = {},
): Promise<Heard> {
  const { text, word } = question;
  const controller = new AbortController();
  const heard: Heard = { startedAt: monotonicMs(), firstTextAt: 0, cutAt: 0, endedAt: 0, words: 0, stale: 0 };
  const onText = (piece: string): void => {
    if (heard.words === 0 && heard.stale === 0) heard.firstTextAt = monotonicMs();
    // A client may join pieces but not split words: each piece of the model is one word.
    for (const said of piece.split(/(?= )/)) {
      if (said === word) heard.words += 1;
      else heard.stale += 1;
    }
    if (heard.words < cutAfter || controller.signal.aborted) return;
    heard.cutAt = monotonicMs();
    controller.abort();
  };
  // A client may wait without end for an event that the server does not send.
  const limit = setTimeout(() => {
    heard.error = `no end within ${limitMs / 1000} s`;
    over.resolve();
    controller.abort();
  }, limitMs);
  const over = Promise.withResolvers<void>();
  try {
    await Promise.race([conversation.say(text, onText, controller.signal), over.promise]);
  } catch (error) {
    heard.error = (error instanceof Error ? error.message : String(error)) || "an error without a message";
  }
  clearTimeout(limit);
  heard.endedAt = monotonicMs();
  return heard;
}

const commands: ClientCommands = {
  open: (baseURL, toolBytes) => {
    open.set(++opened, client.open(toolBytes === undefined ? { baseURL } : { baseURL, tool: lookUp(toolBytes) }));
    return opened;
  },
  canWarmUp: (conversation) => open.get(conversation)!.warmUp !== undefined,
  warmUp: async (conversation) => await open.get(conversation)!.warmUp!(),
  say: (conversation, question, limitMs) => say(open.get(conversation)!, question, { limitMs }),
  sayBoth: async (conversation, question, cutAfter, next) => {
    const first = await say(open.get(conversation)!, question, { cutAfter });
    return [first, await say(open.get(conversation)!, next)];
  },
  heard: (conversation, text) => open.get(conversation)!.heard(text),
  close: async (conversation) => {
    await open.get(conversation)!.close();
    open.delete(conversation);
  },
  cpuWaitMs,
  burst: (options) => burst(client, options),
  allocation: (options) => allocation(client, options),
  load: (options) => load(client, options),
  idle: (options) => idle(client, options),
  marathon: (options) => marathon(client, options),
};

answer({ ...commands }, "ready");
