import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { EspeakVoice, hasEspeak } from "./espeak.ts";
import { tones } from "./tones.ts";
import type { Voice } from "./voice.ts";

/** `auto`: eSpeak NG when it is installed, else tones. */
export type VoiceChoice = "auto" | "espeak" | "tones" | Voice;

export interface OpenVoiceOptions {
  voice?: VoiceChoice | undefined;
  /** The command of eSpeak NG, by name or path. Default: `espeak-ng`. */
  espeakCommand?: string | undefined;
}

/** @throws InvalidArgumentError for a choice that there is not, or eSpeak NG where it is not installed. */
export async function openVoice({ voice = "auto", espeakCommand = "espeak-ng" }: OpenVoiceOptions): Promise<Voice> {
  if (typeof voice === "object" && voice !== null && typeof voice.speak === "function") return voice;
  switch (voice) {
    case "tones":
      return tones;
    case "auto":
      return (await hasEspeak(espeakCommand)) ? new EspeakVoice(espeakCommand) : tones;
    case "espeak":
      if (await hasEspeak(espeakCommand)) return new EspeakVoice(espeakCommand);
      throw new InvalidArgumentError(
        "voice",
        "espeak-ng cannot be run; install it (apt-get install espeak-ng, brew install espeak-ng), or choose tones",
      );
    default:
      throw new InvalidArgumentError(
        "voice",
        `must be "auto", "espeak", "tones" or a voice of your own, not ${kindOf(voice)}`,
      );
  }
}
