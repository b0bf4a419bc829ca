import { SpeechServer, type SpeechServerOptions } from "../../speech/index.ts";
import { reachable, startError } from "../shared/address.ts";
import { openToOthers, serveUntil, showOn } from "../shared/serving.ts";
import { StopSignal } from "../shared/stop-signal.ts";
import { styleFor } from "../shared/style.ts";
import type { Surroundings } from "../shared/surroundings.ts";
import { speechHelp } from "./help.ts";
import { pace, readSpeechOptions, type SpeechCommandOptions } from "./options.ts";
import { readScriptFile, type ScriptFile } from "./script-file.ts";
import { type ShownEvent, speechText } from "./speech-text.ts";

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
  const style = styleFor(stdout.isTTY, surroundings.env);
  const textOf = (event: ShownEvent): string => speechText(event, file !== undefined, style);
  const show = showOn(stdout, options.json ? undefined : textOf);
  let connections = 0;
  const running = await start(options, file, ({ type, ...event }) => {
    if (type === "opened") connections += 1;
    show({ type, at: new Date().toISOString(), ...event } as ShownEvent);
  });
  const { host, apiKeys, voice } = options;
  const [url, listenURL, speakURL] = [running.url, running.listenURL, running.speakURL].map((address) =>
    reachable(address, host),
  ) as [string, string, string];
  const words = file?.words ?? 0;
  const urls = { url, listenURL, speakURL };
  const started: ShownEvent[] = [
    { type: "listening", version, ...urls, voice: running.voice, words, keys: apiKeys.length },
  ];
  if (running.voice === "tones" && voice === "auto") {
    started.push({ type: "notice", message: "espeak-ng is not installed: words are spoken as tones." });
  }
  started.push(...openToOthers(host, apiKeys));
  return await serveUntil<ShownEvent>(stop, {
    server: running,
    started,
    show,
    ended: () => ({ type: "stopped", connections }),
    stdout,
  });
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
      ...(apiKeys.length === 0 ? {} : { apiKeys }),
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
