import { checkOptions, is } from "../checks/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import { DataFrame } from "./frame.ts";

/** A piece of text. Pieces are joined without anything in between. */
export class TextFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    checkText(text);
    this.text = text;
  }
}

/** A piece of a model's reply. */
export class LLMTextFrame extends TextFrame {}

/**
 * Words of an utterance, right after the audio that says them: when this frame arrives somewhere, they were heard there.
 * The pieces of an utterance join to the text that the TTS service was given, including spaces.
 */
export class TTSTextFrame extends TextFrame {
  readonly utteranceId: string | undefined;

  constructor(text: string, utteranceId?: string) {
    super(text);
    this.utteranceId = utteranceId;
  }
}

/** The final transcription of what a user said, or a text that the user typed. No interruption drops it. */
export class TranscriptionFrame extends DataFrame {
  readonly text: string;
  readonly userId: string | undefined;
  /** When it was said, in ISO 8601. */
  readonly timestamp: string | undefined;
  /**
   * Whether the STT service detected the end of the speech; not every service does. `text` is empty if it detected that
   * after it had sent the words.
   */
  readonly endOfSpeech: boolean;

  /** @throws InvalidArgumentError */
  constructor(text: string, options: { userId?: string; timestamp?: string; endOfSpeech?: boolean } = {}) {
    super();
    checkText(text);
    checkOptions("TranscriptionFrame", options, { userId: is.string, timestamp: is.string, endOfSpeech: is.flag });
    this.text = text;
    this.userId = options.userId;
    this.timestamp = options.timestamp;
    this.endOfSpeech = options.endOfSpeech ?? false;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** A transcription that may still change. It is for display, not for the context. */
export class InterimTranscriptionFrame extends DataFrame {
  readonly text: string;
  readonly userId: string | undefined;

  /** @throws InvalidArgumentError */
  constructor(text: string, options: { userId?: string } = {}) {
    super();
    checkText(text);
    checkOptions("InterimTranscriptionFrame", options, { userId: is.string });
    this.text = text;
    this.userId = options.userId;
  }
}

/** Cheap, since every delta of a reply is a frame. @throws InvalidArgumentError */
export function checkText(text: unknown): void {
  if (typeof text !== "string") throw new InvalidArgumentError("text", `expected a string, got ${kindOf(text)}`);
}
