import { checkValue, is } from "../checks/index.ts";
import { ControlFrame } from "./frame.ts";

abstract class UpdateSettingsFrame extends ControlFrame {
  readonly settings: Readonly<Record<string, unknown>>;

  constructor(settings: Readonly<Record<string, unknown>>) {
    super();
    checkValue(settings, "settings", is.object);
    this.settings = settings;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** Changes settings of the LLM service that it reaches. The fields are those of that service. */
export class LLMUpdateSettingsFrame extends UpdateSettingsFrame {}

/** Changes settings of the STT service that it reaches. The fields are those of that service. */
export class STTUpdateSettingsFrame extends UpdateSettingsFrame {}

/** Changes settings of the TTS service that it reaches. The fields are those of that service. */
export class TTSUpdateSettingsFrame extends UpdateSettingsFrame {}
