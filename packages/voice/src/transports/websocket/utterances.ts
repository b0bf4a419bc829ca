import { durationMs } from "turnwire/internal";
import type { OutputChunk } from "../pacer.ts";

interface Sent {
  readonly number: number;
  readonly utteranceId: string | undefined;
  /** Where it begins in what the output has sent. */
  readonly positionMs: number;
  lengthMs: number;
  /** Cleared: reports no longer move the position. */
  cleared: boolean;
}

/** What a report says. */
export interface PlayedReport {
  utteranceId: string | undefined;
  /** How much of the utterance has been played. */
  ms: number;
  /** Where that is in what was sent; absent when it has been cleared. */
  positionMs: number | undefined;
}

/** Reports come for the last ones. */
const remembered = 64;

/** Numbers the pieces of speech that a client is sent, for its reports of what it has played. */
export class Utterances {
  #sent: Sent[] = [];
  #count = 0;

  /** Notes a chunk that is sent. Answers a number when it is the first of its utterance. */
  add(chunk: OutputChunk): number | undefined {
    const last = this.#sent.at(-1);
    if (last !== undefined && !last.cleared && last.utteranceId === chunk.utteranceId) {
      last.lengthMs += durationMs(chunk);
      return undefined;
    }
    this.#count += 1;
    const { utteranceId, positionMs } = chunk;
    const number = this.#count;
    this.#sent.push({ number, utteranceId, positionMs, lengthMs: durationMs(chunk), cleared: false });
    if (this.#sent.length > remembered) this.#sent.shift();
    return number;
  }

  /** The client is to play nothing more. Answers whether there was something. */
  clear(): boolean {
    const open = this.#sent.filter(({ cleared }) => !cleared);
    for (const each of open) each.cleared = true;
    return open.length > 0;
  }

  /** What a report means; undefined when there is no such utterance. */
  report(number: number, ms: number): PlayedReport | undefined {
    const sent = this.#sent.find((each) => each.number === number);
    if (sent === undefined) return undefined;
    const { utteranceId, positionMs, lengthMs, cleared } = sent;
    const played = Math.min(ms, lengthMs);
    return { utteranceId, ms: played, positionMs: cleared ? undefined : positionMs + played };
  }
}
