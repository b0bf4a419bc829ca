import { checkValue, is } from "../checks/index.ts";
import { SystemFrame } from "./frame.ts";

/** The tokens of one inference, as the provider counted them. A count that the provider left out is 0. */
export interface LLMTokenUsage {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  /** Input tokens from the provider's cache. */
  cachedTokens: number;
  /** Output tokens for reasoning. */
  reasoningTokens: number;
}

/** One measurement. Times are in milliseconds. `interrupted` says whether an interruption cut it short. */
export type MetricsData =
  | { type: "ttfb"; processor: string; model?: string; valueMs: number }
  /** From the end of the user's voice (`VADUserStoppedSpeakingFrame`) to the final transcription. */
  | { type: "timeToFinal"; processor: string; model?: string; valueMs: number }
  | { type: "processing"; processor: string; model?: string; valueMs: number; interrupted: boolean }
  | { type: "usage"; processor: string; model?: string; usage: LLMTokenUsage };

/** Measurements of a processor. */
export class MetricsFrame extends SystemFrame {
  readonly data: readonly MetricsData[];

  constructor(data: readonly MetricsData[]) {
    super();
    checkValue(data, "data", is.listOf(is.object, "an array of measurements"));
    this.data = data;
  }
}
