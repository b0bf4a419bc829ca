import { InvalidArgumentError, kindOf, TurnwireError } from "turnwire/internal";
import type { PcmAudio } from "turnwire";
import { checkNumber } from "./checks.ts";
import type { VADAnalyzer } from "./vad-analyzer.ts";

/** Options of {@link WebRTCVADAnalyzer.create}. */
export interface WebRTCVADAnalyzerOptions {
  /** How little is taken for a voice: from 0, nearly everything, to 3, only what surely is one. Default 3. */
  mode?: 0 | 1 | 2 | 3;
  /** What it takes: 8000, 16000 (the default), 32000 or 48000 samples per second. */
  sampleRate?: 8000 | 16_000 | 32_000 | 48_000;
}

/** What is used of `@ozymandiasthegreat/vad`. */
interface Detector {
  processFrame(frame: Int16Array): number;
  destroy(): void;
}
type DetectorClass = new (mode: number, sampleRate: number) => Detector;

/** Not a literal where it is imported: compilers and bundlers would look for a package that may not be there. */
const packageName: string = "@ozymandiasthegreat/vad";
const sampleRates = [8000, 16_000, 32_000, 48_000];
const windowMs = 20;
let loading: Promise<DetectorClass> | undefined;

/**
 * The voice detector of WebRTC (libfvad), as WebAssembly: the energy of six bands of speech, weighed against the noise
 * that it learns. It needs the package `@ozymandiasthegreat/vad`. Windows are 20 ms, each in about 50 µs; the answer is
 * 0 or 1.
 */
export class WebRTCVADAnalyzer implements VADAnalyzer {
  readonly sampleRate: number;
  readonly windowSamples: number;
  readonly #make: () => Detector;
  #detector: Detector | undefined;

  /** @throws TurnwireError when the package is not installed, InvalidArgumentError for an option out of range. */
  static async create(options: WebRTCVADAnalyzerOptions = {}): Promise<WebRTCVADAnalyzer> {
    const { mode = 3, sampleRate = 16_000 } = options;
    checkNumber("mode", mode, 0, 3);
    if (!Number.isInteger(mode)) throw new InvalidArgumentError("mode", `must be a whole number, not ${kindOf(mode)}`);
    if (!sampleRates.includes(sampleRate)) {
      throw new InvalidArgumentError(
        "sampleRate",
        `must be one of ${sampleRates.join(", ")}, not ${kindOf(sampleRate)}`,
      );
    }
    loading ??= load();
    try {
      return new WebRTCVADAnalyzer(await loading, mode, sampleRate);
    } catch (cause) {
      loading = undefined;
      throw cause;
    }
  }

  private constructor(Detector: DetectorClass, mode: number, sampleRate: number) {
    this.sampleRate = sampleRate;
    this.windowSamples = (sampleRate * windowMs) / 1000;
    this.#make = () => new Detector(mode, sampleRate);
  }

  analyze(window: PcmAudio): number {
    this.#detector ??= this.#make();
    const view = new DataView(window.audio.buffer, window.audio.byteOffset, window.audio.byteLength);
    // The package reads the whole buffer behind the array.
    const samples = Int16Array.from({ length: this.windowSamples }, (_, index) => view.getInt16(index * 2, true));
    return this.#detector.processFrame(samples) === 1 ? 1 : 0;
  }

  reset(): void {
    this.close();
  }

  close(): void {
    this.#detector?.destroy();
    this.#detector = undefined;
  }
}

async function load(): Promise<DetectorClass> {
  try {
    const { default: build } = (await import(packageName)) as { default: () => Promise<DetectorClass> };
    return await build();
  } catch (cause) {
    throw new TurnwireError(
      "missing_package",
      `WebRTCVADAnalyzer needs the package ${packageName}; install it: npm install ${packageName}`,
      { cause },
    );
  }
}
