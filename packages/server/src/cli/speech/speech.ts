import { SpeechServer, type SpeechServerOptions } from "../../speech/index.ts";
import { reachable } from "../shared/address.ts";
import { isLoopback } from "../../kit/index.ts";
import { LineWriter } from "../shared/line-writer.ts";
import { startError } from "../shared/address.ts";
import { StopSignal } from "../shared/stop-signal.ts";
import { styleFor } from "../shared/style.ts";
import type { Surroundings } from "../shared/surroundings.ts";
import { speechHelp } from "./help.ts";
import { pace, readSpeechOptions, type SpeechCommandOptions } from "./options.ts";
import { readScriptFile, type ScriptFile } from "./script-file.ts";
import { SpeechJsonView, SpeechTextView, type SpeechView } from "./view.ts";

/** Runs `turnwire speech`: the speech server in its own process, until a signal ends it. Returns the exit code. */
export async function speech(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, version } = surroundings;
  const options = readSpeechOptions(args);
  if (options.help || options.version) {
    stdout.write(options.help ? speechHelp : `${version}\n`);
    return 0;
  }
  using stop = new StopSignal();
  const file = options.script === undefined ? undefined : readScriptFile(options.script);
  const view = viewFor(options, surroundings);
  let connections = 0;
  const running = await start(options, file, (event) => {
    if (event.type === "opened") connections += 1;
    view.event(event, new Date().toISOString());
  });
  await using _closing = running;
  announce(view, running, { options, file, version });
  view.stopping(await stop.arrived);
  await running.close();
  view.stopped(connections);
  if (stdout.brokenBy !== undefined) throw stdout.brokenBy;
  return 0;
}

async function start(
  options: SpeechCommandOptions,
  file: ScriptFile | undefined,
  onEvent: NonNullable<SpeechServerOptions["onEvent"]>,
): Promise<SpeechServer> {
  const { port, host, apiKeys, voice } = options;
  try {
    return await SpeechServer.start({
      port,
      host,
      apiKeys,
      voice,
      onEvent,
      // The command does not look at them.
      keptConnections: 0,
      ...(file === undefined ? {} : { script: file.script }),
      ...(options.pace ? pace : {}),
    });
  } catch (error) {
    throw startError(error, options);
  }
}

function viewFor({ json }: SpeechCommandOptions, { env, stdout }: Surroundings): SpeechView {
  if (json) {
    return new SpeechJsonView(LineWriter.ofJson(stdout).line);
  }
  return new SpeechTextView(LineWriter.ofText(stdout).line, styleFor(stdout.isTTY, env));
}

interface Announcement {
  readonly options: SpeechCommandOptions;
  readonly file: ScriptFile | undefined;
  readonly version: string;
}

function announce(view: SpeechView, running: SpeechServer, { options, file, version }: Announcement): void {
  const { host, apiKeys } = options;
  const [url, listenURL, speakURL] = [running.url, running.listenURL, running.speakURL].map((address) =>
    reachable(address, host),
  ) as [string, string, string];
  const { voice } = running;
  view.listening({ version, url, listenURL, speakURL, voice, words: file?.words, keys: apiKeys.length });
  if (voice === "tones" && options.voice === "auto") {
    view.notice("espeak-ng is not installed: words are spoken as tones.");
  }
  if (!isLoopback(host) && apiKeys.length === 0) {
    view.notice(`Whoever reaches ${host} can use this server: --api-key asks for a key.`);
  }
}
