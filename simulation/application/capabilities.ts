import * as turnwire from "turnwire";
import type { Capabilities } from "../scenario.ts";

export interface SteerableService {
  steer(input: string): Promise<unknown>;
}

export const capabilities: Capabilities = {
  pool: true,
  recovers: "steer" in turnwire.OpenAIResponsesLLMService.prototype,
  steer: "steer" in turnwire.OpenAIResponsesLLMService.prototype,
};
