import { checkText } from "./text.ts";
import { DataFrame } from "./frame.ts";

/** Makes the TTS service that it reaches say a text, as an utterance of its own. */
export class TTSSpeakFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    checkText(text);
    this.text = text;
  }
}
