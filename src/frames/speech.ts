import { ControlFrame, DataFrame } from "./frame.ts";

/** Makes the TTS service it reaches say a text, as an utterance of its own. */
export class TTSSpeakFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** Changes settings of the STT service it reaches; see the service's settings for the fields. */
export class STTUpdateSettingsFrame extends ControlFrame {
  readonly settings: Readonly<Record<string, unknown>>;

  constructor(settings: Readonly<Record<string, unknown>>) {
    super();
    this.settings = settings;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** Changes settings of the TTS service it reaches; see the service's settings for the fields. */
export class TTSUpdateSettingsFrame extends ControlFrame {
  readonly settings: Readonly<Record<string, unknown>>;

  constructor(settings: Readonly<Record<string, unknown>>) {
    super();
    this.settings = settings;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}
