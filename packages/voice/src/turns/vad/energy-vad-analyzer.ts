import { checkOptions, is, rms, type PcmAudio } from "turnwire/internal";
import type { VADAnalyzer } from "./vad-analyzer.ts";

/** A lower level counts as silence, in dB of full scale. */
const silenceDb = -65;
/** The floor follows a lower level within a few windows and a higher one slowly: speech has gaps, noise has none. */
const fallPerWindow = 0.3;
const risePerSecondDb = 3;
/** How far above the floor a voice is as likely as not, in dB, and how sharp that edge is. */
const evenDb = 9;
const edgeDb = 2;
/** For how many windows a level counts: consonants have gaps. */
const heldWindows = 3;

const windowsPerSecond = 50;

/**
 * Takes everything for a voice that is well above the constant noise, so also any sudden sound. A last resort if no other
 * analyzer is available, and enough for tests.
 */
export class EnergyVADAnalyzer implements VADAnalyzer {
  readonly sampleRate: number;
  readonly windowSamples: number;
  #floorDb: number | undefined;
  #levels: number[] = [];

  /** @param options - `sampleRate`: the sample rate it takes, default 16000. Windows are 20 ms long. */
  constructor(options: { sampleRate?: number } = {}) {
    checkOptions("EnergyVADAnalyzer", options, { sampleRate: is.number({ min: 1000, max: 192_000, integer: true }) });
    this.sampleRate = options.sampleRate ?? 16_000;
    this.windowSamples = Math.round(this.sampleRate / windowsPerSecond);
  }

  analyze(window: PcmAudio): number {
    const level = Math.max(silenceDb, 20 * Math.log10(rms(window)));
    const floor = this.#follow(level);
    this.#levels = [...this.#levels.slice(1 - heldWindows), level];
    const aboveDb = Math.max(...this.#levels) - floor;
    return 1 / (1 + Math.exp((evenDb - aboveDb) / edgeDb));
  }

  reset(): void {
    this.#floorDb = undefined;
    this.#levels = [];
  }

  close(): void {}

  #follow(level: number): number {
    const floor = this.#floorDb ?? level;
    const step =
      level < floor ? (level - floor) * fallPerWindow : Math.min(level - floor, risePerSecondDb / windowsPerSecond);
    this.#floorDb = floor + step;
    return this.#floorDb;
  }
}
