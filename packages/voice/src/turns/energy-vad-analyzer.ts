import { rms } from "turnwire/internal";
import type { PcmAudio } from "turnwire";
import { checkNumber } from "./checks.ts";
import type { VADAnalyzer } from "./vad-analyzer.ts";

/** Below this nothing is told from silence, in dB of full scale. */
const silenceDb = -65;
/** The floor follows a lower level within some windows, a higher one slowly: speech has gaps, noise has none. */
const fallPerWindow = 0.3;
const risePerSecondDb = 3;
/** A voice is this far above the floor, in dB, to count as likely as not; and how sharp that edge is. */
const evenDb = 9;
const edgeDb = 2;
/** How many windows a level counts on: consonants have gaps. */
const heldWindows = 3;

const windowsPerSecond = 50;

/**
 * Takes for a voice whatever is well above the noise that is always there. Any sudden sound is: a last resort where no
 * other analyzer can be had, and enough for tests.
 */
export class EnergyVADAnalyzer implements VADAnalyzer {
  readonly sampleRate: number;
  readonly windowSamples: number;
  #floorDb: number | undefined;
  #levels: number[] = [];

  /** @param options - `sampleRate` of what it takes; default 16000. Windows are 20 ms. */
  constructor(options: { sampleRate?: number } = {}) {
    this.sampleRate = checkNumber("sampleRate", options.sampleRate ?? 16_000, 1000, 192_000);
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
