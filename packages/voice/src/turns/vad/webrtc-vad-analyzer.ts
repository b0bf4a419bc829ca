import { checkOptions, type Checks, InvalidArgumentError, is, TurnwireError, type PcmAudio } from "turnwire/internal";
import type { VADAnalyzer } from "./vad-analyzer.ts";

/** Options of {@link WebRTCVADAnalyzer.create}. */
export interface WebRTCVADAnalyzerOptions {
  /** How strict it is: from 0, nearly everything is a voice, to 3, only what surely is one. Default 3. */
  mode?: 0 | 1 | 2 | 3;
  /** The sample rate it takes: 8000, 16000 (the default), 32000 or 48000. */
  sampleRate?: 8000 | 16_000 | 32_000 | 48_000;
}

/** The part of `@ozymandiasthegreat/vad` that is used. */
interface Detector {
  processFrame(frame: Int16Array): number;
  destroy(): void;
}
type DetectorClass = new (mode: number, sampleRate: number) => Detector;

/** Not a literal in the `import()`: compilers and bundlers would look for a package that may not be installed. */
const packageName: string = "@ozymandiasthegreat/vad";
const sampleRates = [8000, 16_000, 32_000, 48_000];
const checks: Checks<WebRTCVADAnalyzerOptions> = {
  mode: is.number({ min: 0, max: 3, integer: true }),
  sampleRate: is.custom(`8000, 16000, 32000 or 48000`, (value) => sampleRates.some((rate) => rate === value)),
};
const windowMs = 20;
let loading: Promise<DetectorClass> | undefined;

/**
 * The voice detector of WebRTC (libfvad) as WebAssembly. It weighs the energy of six bands of speech against the noise that
 * it has learned. Needs the package `@ozymandiasthegreat/vad`. A window is 20 ms long and takes about 50 µs; the result
 * is 0 or 1.
 */
export class WebRTCVADAnalyzer implements VADAnalyzer {
  readonly sampleRate: number;
  readonly windowSamples: number;
  readonly #make: () => Detector;
  #detector: Detector | undefined;

  /** @throws TurnwireError if the package is not installed; InvalidArgumentError for an option that is unknown or unusable. */
  static async create(options: WebRTCVADAnalyzerOptions = {}): Promise<WebRTCVADAnalyzer> {
    const { mode = 3, sampleRate = 16_000 } = checkOptions("WebRTCVADAnalyzer.create()", options, checks);
    loading ??= load();
    return new WebRTCVADAnalyzer(await loading, mode, sampleRate);
  }

  private constructor(Detector: DetectorClass, mode: number, sampleRate: number) {
    // Callers of JavaScript can call a private constructor.
    if (typeof Detector !== "function") {
      const wayOut = "call await WebRTCVADAnalyzer.create()";
      throw new InvalidArgumentError("constructor", `WebRTCVADAnalyzer is not made with new; ${wayOut}`);
    }
    this.sampleRate = sampleRate;
    this.windowSamples = (sampleRate * windowMs) / 1000;
    this.#make = () => new Detector(mode, sampleRate);
  }

  analyze(window: PcmAudio): number {
    this.#detector ??= this.#make();
    const view = new DataView(window.audio.buffer, window.audio.byteOffset, window.audio.byteLength);
    // A copy: the package reads the whole underlying buffer.
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
    loading = undefined;
    throw new TurnwireError(
      "missing_package",
      `WebRTCVADAnalyzer needs the package ${packageName}; install it: npm install ${packageName}`,
      { cause },
    );
  }
}
