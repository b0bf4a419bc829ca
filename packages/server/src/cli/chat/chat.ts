import { openBackend } from "./backend.ts";
import { type ChatEvent, jsonShow } from "./chat-events.ts";
import { type ChatOptions, readChatOptions } from "./options.ts";
import { ChatSession } from "./chat-session.ts";
import { InteractiveSession } from "./interactive-session.ts";
import { converse, PlainSink } from "./piped.ts";
import { Screen } from "./screen.ts";
import { styleFor } from "../shared/style.ts";
import type { Surroundings } from "../shared/surroundings.ts";
import { TextView } from "./text-view.ts";
import { chatHelp } from "./help.ts";

/** Runs `turnwire chat`: a conversation in the terminal, or one turn per line of piped input. Returns the exit code. */
export async function chat(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, stdin, stdout, version } = surroundings;
  const options = readChatOptions(args, env);
  if (options.help || options.version) {
    stdout.write(options.help ? chatHelp : `${version}\n`);
    return 0;
  }
  const screen =
    stdin.isTTY === true && stdout.isTTY && !options.json ? new Screen(stdout, styleFor(true, env)) : undefined;
  const show = showFor(options, screen, surroundings);
  await using backend = await openBackend({
    options,
    natural: screen !== undefined,
    logger: { debug: () => undefined, warn: (message) => show({ type: "notice", message }) },
  });
  const conversation = new ChatSession(backend, show);
  const { embedded, baseURL, model, transport } = backend;
  show({ type: "session", version, server: embedded ? "embedded" : (baseURL ?? "openai"), model, transport });
  let wentWell = true;
  if (screen === undefined) wentWell = await converse(conversation, stdin, stdout.closed);
  else await new InteractiveSession(conversation, screen, stdin).run(stdout.closed);
  if (stdout.brokenBy !== undefined) throw stdout.brokenBy;
  return wentWell ? 0 : 1;
}

function showFor(
  { json }: ChatOptions,
  screen: Screen | undefined,
  { env, stdout, stderr }: Surroundings,
): (event: ChatEvent) => void {
  if (json) {
    return jsonShow(
      (text) => stdout.write(text),
      (text) => stderr.write(`turnwire: ${text}\n`),
    );
  }
  const sink = screen ?? new PlainSink(stdout, stderr);
  return new TextView(sink, { style: styleFor(stdout.isTTY, env), echo: screen === undefined }).show;
}
