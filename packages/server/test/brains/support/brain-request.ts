import type { Brain, BrainOutput, BrainRequest } from "../../../src/responses/index.ts";

/** A request as the server would make it. */
export function brainRequest(fields: Partial<BrainRequest> & { input?: string } = {}): BrainRequest {
  const { input = "Hi", ...rest } = fields;
  return {
    model: "gpt-4.1",
    conversation: [{ role: "user", content: input }],
    tools: [],
    toolChoice: "auto",
    parallelToolCalls: true,
    reasoning: null,
    text: { format: { type: "text" } },
    maxOutputTokens: null,
    signal: new AbortController().signal,
    ...rest,
  };
}

/** All output of a brain. */
export async function outputsOf(brain: Brain, request: BrainRequest = brainRequest()): Promise<BrainOutput[]> {
  const outputs: BrainOutput[] = [];
  for await (const output of brain(request)) outputs.push(output);
  return outputs;
}

export const textOf = (outputs: readonly BrainOutput[]): string =>
  outputs.map((output) => (output.type === "text" ? output.delta : "")).join("");
