import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Heard,
  type HeardResult,
  Recogniser,
  type RecogniserOptions,
} from "../../src/speech/listen/recogniser.ts";
import type { ScriptedWord } from "../../src/speech/index.ts";

const ms = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_500 }), ms(700)), { maxLength: 12 }).map((list) => {
  let at = 0;
  return list.map(([gapMs, lengthMs], index): ScriptedWord => {
    const startMs = at + gapMs;
    at = startMs + lengthMs;
    return { word: `w${index}`, startMs, endMs: at };
  });
});

const options: fc.Arbitrary<RecogniserOptions> = fc.record({
  interimMs: fc.option(ms(1_000), { nil: undefined }),
  endpointingMs: fc.option(ms(800), { nil: false as const }),
  utteranceEndMs: fc.option(ms(2_000), { nil: undefined }),
  segmentMs: fc.integer({ min: 10, max: 4_000 }),
});

/** How audio comes in, and what follows it. */
const stream = fc.array(fc.record({ lengthMs: ms(2_000), finalize: fc.boolean() }), { minLength: 1, maxLength: 15 });

const results = (heard: readonly Heard[]): HeardResult[] =>
  heard.filter((one): one is HeardResult => one.type === "result");

it("puts every word that was heard to its end into exactly one final result, and covers the audio without a gap", () => {
  fc.assert(
    fc.property(script, options, stream, (words, settings, pieces) => {
      const recogniser = new Recogniser(words, settings);
      const heard: Heard[] = [];
      let atMs = 0;
      for (const { lengthMs, finalize } of pieces) {
        heard.push(...recogniser.advance((atMs += lengthMs)));
        if (finalize) heard.push(...recogniser.finish("finalize"));
      }
      heard.push(...recogniser.finish("close"));

      const finals = results(heard).filter(({ isFinal }) => isFinal);
      expect(finals.flatMap((result) => result.words)).toEqual(words.filter(({ endMs }) => endMs <= atMs));
      let coveredMs = 0;
      for (const { startMs, endMs, words } of finals) {
        expect(startMs).toBe(coveredMs);
        expect(endMs).toBeGreaterThanOrEqual(startMs);
        for (const word of words) expect([word.startMs >= startMs, word.endMs <= endMs]).toEqual([true, true]);
        coveredMs = endMs;
      }
      const beingSaid = words.find(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
      expect(coveredMs).toBe(beingSaid === undefined ? atMs : Math.max(beingSaid.startMs, finals.at(-1)?.startMs ?? 0));
      // An interim result never has more words than the final one.
      for (const interim of results(heard).filter(({ isFinal }) => !isFinal)) {
        expect(settings.interimMs).toBeDefined();
        for (const word of interim.words) expect(word.endMs).toBeLessThanOrEqual(interim.endMs);
      }
    }),
  );
});

it("hears the same in the same audio, whatever the size of its pieces", () => {
  fc.assert(
    fc.property(script, options, fc.array(ms(900), { minLength: 1, maxLength: 20 }), (words, settings, sizes) => {
      const [pieces, whole] = [new Recogniser(words, settings), new Recogniser(words, settings)];
      let atMs = 0;
      const heard = sizes.flatMap((size) => pieces.advance((atMs += size)));
      expect(heard).toEqual(whole.advance(atMs));
    }),
  );
});

it("says one UtteranceEnd for each gap that is long enough, behind the final result of the words before it", () => {
  fc.assert(
    fc.property(script, options, ms(900), (words, { utteranceEndMs = 1_000, ...settings }, size) => {
      const recogniser = new Recogniser(words, { ...settings, utteranceEndMs });
      const untilMs = (words.at(-1)?.endMs ?? 0) + settings.segmentMs + utteranceEndMs + 1_000;
      const ends: number[] = [];
      let finalMs = 0;
      for (let atMs = 0; atMs < untilMs; atMs += size) {
        for (const one of recogniser.advance(atMs + size)) {
          if (one.type === "result" && one.isFinal) finalMs = one.endMs;
          if (one.type !== "utteranceEnd") continue;
          expect(one.lastWordEndMs).toBeLessThanOrEqual(finalMs);
          ends.push(one.lastWordEndMs);
        }
      }
      const last = words.at(-1)?.endMs;
      // A gap that becomes final after the next word has begun does not count.
      const gaps = words.filter(({ endMs }, index) => (words[index + 1]?.startMs ?? Infinity) - endMs > utteranceEndMs);
      expect(gaps.map(({ endMs }) => endMs)).toEqual(expect.arrayContaining(ends));
      expect(new Set(ends).size).toBe(ends.length);
      if (last !== undefined) expect(ends.at(-1)).toBe(last);
    }),
  );
});
