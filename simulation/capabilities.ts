import * as turnwire from "turnwire";
import type { Capabilities } from "./scenario.ts";

/** What of the services under test is looked for at run time, so that the simulation works before and after it exists. */
interface Loose {
  ResponsesConnectionPool?: new (options: Record<string, unknown>) => SimulatedPool;
}

/** A pool as far as the simulation uses one. */
export interface SimulatedPool {
  stop?(): Promise<void>;
  close?(): Promise<void>;
}

export interface SteerableService {
  steer(input: string): Promise<unknown>;
}

const Pool = (turnwire as Loose).ResponsesConnectionPool;

export const capabilities: Capabilities = {
  pool: Pool !== undefined,
  recovers: "steer" in turnwire.OpenAIResponsesLLMService.prototype,
  steer: "steer" in turnwire.OpenAIResponsesLLMService.prototype,
};

export function newPool(options: Record<string, unknown>): SimulatedPool | undefined {
  return Pool === undefined ? undefined : new Pool(options);
}

export async function endPool(pool: SimulatedPool): Promise<void> {
  await (pool.stop?.() ?? pool.close?.());
}
