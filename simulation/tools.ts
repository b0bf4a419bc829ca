import { defineTool, type FunctionTool } from "turnwire";

/** Runs what the model calls; `ms` is how long the function has to take. */
export type ToolHost = (name: string, args: unknown, callId: string, signal: AbortSignal) => Promise<string>;

let host: ToolHost | undefined;

/** Who runs tools from now on: they are made once, since checking schemas takes longest to prepare. */
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

/** `count` answers at once, `slow` takes as many milliseconds as asked, `keep` goes on past an interruption. */
export const tools: readonly FunctionTool[] = [
  tool("count"),
  tool("slow"),
  tool("fails"),
  tool("keep", { cancelOnInterruption: false }),
];
