import { type Checks, InvalidArgumentError, is } from "turnwire/internal";
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

export const voiceChecks = {
  voice: is.anyOf(is.oneOf(["auto", "espeak", "tones"]), is.having(["speak"], "a voice with speak()")),
  espeakCommand: is.text,
} satisfies Checks<OpenVoiceOptions>;

/** @throws InvalidArgumentError where eSpeak NG is wanted and not installed. */
export async function openVoice({ voice = "auto", espeakCommand = "espeak-ng" }: OpenVoiceOptions): Promise<Voice> {
  if (typeof voice !== "string") return voice;
  if (voice === "tones") return tones;
  if (await hasEspeak(espeakCommand)) return new EspeakVoice(espeakCommand);
  if (voice === "auto") return tones;
  throw new InvalidArgumentError(
    "voice",
    "espeak-ng cannot be run; install it (apt-get install espeak-ng, brew install espeak-ng), or choose tones",
  );
}
