import { SystemFrame } from "./frame.ts";

/** Tokens one inference cost, as the provider counted them. A count the provider left out is 0. */
export interface LLMTokenUsage {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  /** Input tokens the provider took from its cache. */
  cachedTokens: number;
  /** Output tokens spent on reasoning. */
  reasoningTokens: number;
}

/** One measurement. Times are in milliseconds. `interrupted` marks one cut short by an interruption. */
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
    this.data = data;
  }
}
