import { durationMs } from "turnwire/internal";
import type { OutputChunk } from "../../pacer.ts";

interface Sent {
  readonly number: number;
  readonly utteranceId: string | undefined;
  /** Its position in the audio that the output has sent. */
  readonly positionMs: number;
  lengthMs: number;
}

/** A client's report about its playback. */
export interface PlayedReport {
  utteranceId: string | undefined;
  /** How much of the utterance has been played, in milliseconds. */
  ms: number;
  /** The position of that in the audio that was sent; undefined if the utterance has been cleared. */
  positionMs: number | undefined;
}

/** How many utterances can still be reported on. */
const remembered = 64;

/** Numbers the utterances that a client is sent, for its reports of what it has played. */
export class Utterances {
  #sent: Sent[] = [];
  /** The number of the last utterance that was cleared: reports on it no longer move the position. */
  #cleared = 0;

  /** Records a chunk that is sent. Returns the number of its utterance if it is the first chunk of it. */
  add(chunk: OutputChunk): number | undefined {
    const last = this.#sent.at(-1);
    if (last !== undefined && last.number > this.#cleared && last.utteranceId === chunk.utteranceId) {
      last.lengthMs += durationMs(chunk);
      return undefined;
    }
    const { utteranceId, positionMs } = chunk;
    const number = (last?.number ?? 0) + 1;
    this.#sent.push({ number, utteranceId, positionMs, lengthMs: durationMs(chunk) });
    if (this.#sent.length > remembered) this.#sent.shift();
    return number;
  }

  /** Clears all utterances. Returns whether there were any. */
  clear(): boolean {
    const before = this.#cleared;
    this.#cleared = this.#sent.at(-1)?.number ?? 0;
    return this.#cleared > before;
  }

  /** Interprets a report; undefined if there is no such utterance. */
  report(number: number, ms: number): PlayedReport | undefined {
    const sent = this.#sent.find((each) => each.number === number);
    if (sent === undefined) return undefined;
    const { utteranceId, positionMs, lengthMs } = sent;
    const played = Math.min(ms, lengthMs);
    return { utteranceId, ms: played, positionMs: number > this.#cleared ? positionMs + played : undefined };
  }
}
