import type { Frame } from "turnwire";
import { findWord, wordEnd } from "../text/spoken-words.ts";

/**
 * The text of an utterance, and the frames that have their place in it. The model adds text, the provider is given it in
 * pieces, and it is taken in order, up to where it has been spoken. Positions are offsets in characters.
 */
export class SpokenText {
  #text = "";
  #isClosed = false;
  /** The ends of the pieces that the provider gets. */
  #cuts: number[] = [];
  #saidOffset = 0;
  /** The end of the last word that the provider reported as spoken. */
  #foundOffset = 0;
  #takenOffset = 0;
  #inserted: Array<{ offset: number; frame: Frame }> = [];

  /** Whether no more text will be added. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How far the text has been given to the provider. */
  get saidOffset(): number {
    return this.#saidOffset;
  }

  /** How far the text has been taken. */
  get takenOffset(): number {
    return this.#takenOffset;
  }

  get length(): number {
    return this.#text.length;
  }

  /** How many frames have not been taken. */
  get waitingFrames(): number {
    return this.#inserted.length;
  }

  /** Whether there is a piece that the provider has not been given. */
  get hasPiece(): boolean {
    return this.#lastCut > this.#saidOffset;
  }

  get #lastCut(): number {
    return this.#cuts.at(-1) ?? 0;
  }

  add(text: string): void {
    this.#text += text;
  }

  /** Makes a piece of the next characters; without a number, of all the rest. */
  cut(characters = Infinity): void {
    const end = Math.min(this.#lastCut + characters, this.#text.length);
    if (end > this.#lastCut) this.#cuts.push(end);
  }

  /** Gives a frame its place after the text so far. */
  insert(frame: Frame): void {
    this.#inserted.push({ offset: this.#text.length, frame });
  }

  /** Ends the text; the rest of it is the last piece. */
  close(): void {
    this.cut();
    this.#isClosed = true;
  }

  /** The next piece for the provider, which counts as given to it; undefined if there is none. */
  nextPiece(): string | undefined {
    const end = this.#cuts.find((cut) => cut > this.#saidOffset);
    if (end === undefined) return undefined;
    const piece = this.#text.slice(this.#saidOffset, end);
    this.#saidOffset = end;
    return piece;
  }

  /** The end of the word that begins at `from`, within the text that the provider got; undefined if there is none. */
  wordEnd(from: number): number | undefined {
    if (from >= this.#saidOffset) return undefined;
    const offset = Math.min(wordEnd(this.#text, from), this.#saidOffset);
    // White space at the very end is no word.
    return this.#isClosed && this.#text.slice(offset).trim() === "" ? this.#text.length : offset;
  }

  /** The end of the next occurrence of a word that the provider reports as spoken; undefined if it is not found. */
  findSpoken(word: string): number | undefined {
    const end = findWord(this.#text.slice(0, this.#saidOffset), this.#foundOffset, word);
    if (end !== undefined) this.#foundOffset = end;
    return end;
  }

  /** From here on the text has to be given to the provider again. */
  rewind(offset: number): void {
    this.#saidOffset = this.#foundOffset = offset;
  }

  /**
   * Gives the provider the pieces again that come after the last word it reported, if it has reported one after
   * `fromOffset`.
   */
  rewindToFound(fromOffset: number): void {
    const end = this.#cuts.find((cut) => cut >= this.#foundOffset);
    if (end !== undefined && this.#foundOffset > fromOffset) this.#saidOffset = Math.min(this.#saidOffset, end);
  }

  /** Takes the words up to an offset, but not beyond the next frame. */
  take(toOffset: number): string {
    const end = Math.min(toOffset, this.#inserted[0]?.offset ?? Infinity);
    const words = this.#text.slice(this.#takenOffset, end);
    this.#takenOffset = end;
    return words;
  }

  /** Takes the next frame if all the text in front of it has been taken, or at once when `force` is set. */
  takeInserted(force = false): Frame | undefined {
    const [next] = this.#inserted;
    if (next === undefined || (!force && next.offset > this.#takenOffset)) return undefined;
    return this.#inserted.shift()?.frame;
  }

  /** Takes all frames at once. */
  takeAllInserted(): Frame[] {
    return this.#inserted.splice(0).map(({ frame }) => frame);
  }
}
