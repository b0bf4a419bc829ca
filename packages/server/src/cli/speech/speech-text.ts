import type { SpeechEvent } from "../../speech/index.ts";
import { counted, formatMs, printable } from "../shared/format.ts";
import { type ServingEvent, servingText } from "../shared/serving.ts";
import type { Style } from "../shared/style.ts";

/** What the speech command shows. `speechHelp` documents it. */
export type ShownEvent =
  | {
      readonly type: "listening";
      readonly version: string;
      readonly url: string;
      readonly listenURL: string;
      readonly speakURL: string;
      /** The name of the voice. */
      readonly voice: string;
      /** How many words the script has. */
      readonly words: number;
      /** How many API keys are accepted; 0 if any is. */
      readonly keys: number;
    }
  /** `at` is the time, ISO 8601. */
  | (SpeechEvent & { readonly at: string })
  | ServingEvent
  | { readonly type: "stopped"; readonly connections: number };

/** Returns the text of an event. */
export function speechText(event: ShownEvent, hasScript: boolean, style: Style): string {
  switch (event.type) {
    case "listening":
      return listeningText(event, hasScript, style);
    case "notice":
    case "stopping":
      return servingText(event, style);
    case "stopped":
      return style.dim(`closed after ${counted(event.connections, "connection")}`);
    default:
      return `${style.dim(event.at.slice(11, 19))}  ${nameOf(event).padEnd(10)}  ${told(event, style)}`;
  }
}

function listeningText(event: Extract<ShownEvent, { type: "listening" }>, hasScript: boolean, style: Style): string {
  const { version, url, listenURL, speakURL, voice, words, keys } = event;
  const speaks = voice === "tones" ? "speaks in tones, one for each word" : `speaks with ${voice}`;
  const hears = hasScript ? `hears only the ${counted(words, "word")} of its script` : "hears nothing: no --script";
  const asked = keys === 0 ? "any key will do" : `a key is asked for`;
  // Written at once: a program that reads the first line may look for the others.
  return [
    style.dim(`turnwire ${version} speech · no speech service · ${printable(speaks)} · ${hears} · ${asked}`),
    `listen  ${style.bold(listenURL)}`,
    `speak   ${style.bold(speakURL)}`,
    `use     ${style.bold(`DEEPGRAM_BASE_URL=${url}${keys === 0 ? " DEEPGRAM_API_KEY=none" : ""}`)}`,
    "",
  ].join("\n");
}

function told(event: SpeechEvent, style: Style): string {
  switch (event.type) {
    case "opened":
      return `opened, ${printable(event.model).slice(0, 60)}`;
    case "heard": {
      const why = event.fromFinalize ? "finalized" : event.speechFinal ? "end of speech" : "more to come";
      return `heard ${counted(event.words, "word")} from ${formatMs(event.startMs)} to ${formatMs(event.endMs)}, ${why}`;
    }
    case "spoken": {
      const audio = event.cutShort
        ? style.red(`cut short after ${formatMs(event.sentMs)} of ${formatMs(event.audioMs)}`)
        : formatMs(event.audioMs);
      return `spoke ${counted(event.characters, "character")}: ${audio}`;
    }
    case "closed": {
      const reason = event.reason === "" ? "" : ` ${printable(event.reason)}`;
      const end = `closed ${event.code}${reason}`;
      const told = event.code === 1000 ? end : style.red(end);
      return `${told} after ${formatMs(event.durationMs)}, ${formatMs(event.audioMs)} of audio`;
    }
    case "refused":
      return style.red(`refused ${event.status} ${printable(event.code)}`);
  }
}

function nameOf(event: SpeechEvent): string {
  switch (event.type) {
    case "opened":
    case "closed":
      return `${event.path} ${event.connection}`;
    case "heard":
      return `listen ${event.connection}`;
    case "spoken":
      return `speak ${event.connection}`;
    case "refused":
      return printable(event.path);
  }
}
