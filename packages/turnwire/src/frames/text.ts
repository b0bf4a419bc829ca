import { DataFrame } from "./frame.ts";

/** A piece of text. Pieces join without anything in between. */
export class TextFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** A piece of a model's reply. */
export class LLMTextFrame extends TextFrame {}

/**
 * Words of an utterance, in order right behind the audio that says them: what it reaches has heard them. The pieces of
 * an utterance join to the text that was given to the TTS service, spaces included.
 */
export class TTSTextFrame extends TextFrame {
  readonly utteranceId: string | undefined;

  constructor(text: string, utteranceId?: string) {
    super(text);
    this.utteranceId = utteranceId;
  }
}

/** A final transcription of what a user said, or typed. No interruption drops it. */
export class TranscriptionFrame extends DataFrame {
  readonly text: string;
  readonly userId: string | undefined;
  /** When it was said, ISO 8601. */
  readonly timestamp: string | undefined;
  /**
   * Whether the STT service heard the speaker come to an end; not every service says so. When it heard that behind the
   * words, `text` is empty.
   */
  readonly endOfSpeech: boolean;

  constructor(text: string, options: { userId?: string; timestamp?: string; endOfSpeech?: boolean } = {}) {
    super();
    this.text = text;
    this.userId = options.userId;
    this.timestamp = options.timestamp;
    this.endOfSpeech = options.endOfSpeech ?? false;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** A transcription that may still change: for display, never for the context. */
export class InterimTranscriptionFrame extends DataFrame {
  readonly text: string;
  readonly userId: string | undefined;

  constructor(text: string, options: { userId?: string } = {}) {
    super();
    this.text = text;
    this.userId = options.userId;
  }
}
