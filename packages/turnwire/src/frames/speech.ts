import { DataFrame } from "./frame.ts";

/** Makes the TTS service it reaches say a text, as an utterance of its own. */
export class TTSSpeakFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}
