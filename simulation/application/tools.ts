import { defineTool, type FunctionTool } from "turnwire";

/** Runs a function that the model calls. */
export type ToolHost = (name: string, args: unknown, callId: string, signal: AbortSignal) => Promise<string>;

let host: ToolHost | undefined;

/**
 * Sets the host that runs all functions from now on. The tools are created only once because compiling their schemas is slow.
 */
export function setToolHost(next: ToolHost): void {
  host = next;
}

const parameters = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };

function tool(name: string, options: Partial<FunctionTool> = {}): FunctionTool {
  return defineTool({
    name,
    parameters,
    ...options,
    execute: (args, { toolCallId, signal }) => host!(name, args, toolCallId, signal),
  });
}

/** `count` returns at once, `slow` takes as many milliseconds as its argument says, `keep` runs on after an interruption. */
export const tools: readonly FunctionTool[] = [
  tool("count"),
  tool("slow"),
  tool("fails"),
  tool("keep", { cancelOnInterruption: false }),
];
