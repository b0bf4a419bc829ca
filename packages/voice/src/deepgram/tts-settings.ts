import { is, type SettingsTable } from "turnwire/provider";

/**
 * Settings of Deepgram's speech. They are a part of the connection, which is replaced for an utterance with other settings.
 * See https://developers.deepgram.com/reference/text-to-speech/speak-streaming
 */
export interface DeepgramTTSSettings {
  /** The voice: https://developers.deepgram.com/docs/tts-models; default `aura-2-thalia-en`. */
  model: string;
  /** How fast it speaks, 0.5 to 2; 1 is the voice's own. */
  speed?: number | undefined;
  /** Whether Deepgram must not use the text to improve its models. */
  mipOptOut?: boolean | undefined;
}

export const ttsSettings: SettingsTable<DeepgramTTSSettings> = {
  checks: { model: is.text, speed: is.number({ min: 0.5, max: 2 }), mipOptOut: is.flag },
  defaults: { model: "aura-2-thalia-en" },
};
