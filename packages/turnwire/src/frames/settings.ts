import { ControlFrame } from "./frame.ts";

abstract class UpdateSettingsFrame extends ControlFrame {
  readonly settings: Readonly<Record<string, unknown>>;

  constructor(settings: Readonly<Record<string, unknown>>) {
    super();
    this.settings = settings;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** Changes settings of the LLM service it reaches; see the service's settings for the fields. */
export class LLMUpdateSettingsFrame extends UpdateSettingsFrame {}

/** Changes settings of the STT service it reaches; see the service's settings for the fields. */
export class STTUpdateSettingsFrame extends UpdateSettingsFrame {}

/** Changes settings of the TTS service it reaches; see the service's settings for the fields. */
export class TTSUpdateSettingsFrame extends UpdateSettingsFrame {}
