import { is, type SettingsTable } from "turnwire/provider";

/**
 * Settings of Cartesia's speech. Changes take effect with the next utterance, on the same connection.
 * See https://docs.cartesia.ai/api-reference/tts/websocket
 */
export interface CartesiaTTSSettings {
  /** Default `sonic-3`. */
  model: string;
  /** The id of a voice; default: the voice of Cartesia's quick start. */
  voice: string;
  /** Such as `en`; default `en`. */
  language: string;
  /** How fast it speaks, 0.6 to 1.5; 1 is the voice's own. */
  speed?: number | undefined;
  /** How loud it speaks, 0.5 to 2; 1 is the voice's own. */
  volume?: number | undefined;
  /** Such as `calm`. */
  emotion?: string | undefined;
}

export const ttsSettings: SettingsTable<CartesiaTTSSettings> = {
  checks: {
    model: is.text,
    voice: is.text,
    language: is.text,
    speed: is.number({ min: 0.6, max: 1.5 }),
    volume: is.number({ min: 0.5, max: 2 }),
    emotion: is.text,
  },
  defaults: { model: "sonic-3", voice: "f786b574-daa5-4673-aa0c-cbe3e8534c02", language: "en" },
};

/** The fields that are the same in all generation requests of a context. */
export function requestFields(settings: CartesiaTTSSettings, sampleRate: number): Record<string, unknown> {
  const { model, voice, language, speed, volume, emotion } = settings;
  const generation = Object.entries({ speed, volume, emotion }).filter(([, value]) => value !== undefined);
  return {
    model_id: model,
    voice: { mode: "id", id: voice },
    language,
    output_format: { container: "raw", encoding: "pcm_s16le", sample_rate: sampleRate },
    add_timestamps: true,
    // The words as they were written, so that they can be found in the text.
    use_normalized_timestamps: false,
    // Whole sentences are sent: there is nothing to wait for.
    max_buffer_delay_ms: 0,
    ...(generation.length === 0 ? {} : { generation_config: Object.fromEntries(generation) }),
  };
}
