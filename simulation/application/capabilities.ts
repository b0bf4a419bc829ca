import * as turnwire from "turnwire";
import type { Capabilities } from "../scenario.ts";

/** The simulation looks these up at run time, so that it also runs against a version of the client that lacks them. */
interface Loose {
  ResponsesConnectionPool?: new (options: Record<string, unknown>) => SimulatedPool;
}

/** The part of a pool that the simulation uses. */
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
