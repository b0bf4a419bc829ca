import { defineTool, type FunctionTool, LLMContext, type LLMService, LLMTextFrame } from "turnwire";
import type { ClientTool, Conversation } from "./client.ts";

/** A conversation with either service of turnwire. */
export class TurnwireConversation implements Conversation {
  readonly context: LLMContext;
  readonly #llm: LLMService;

  constructor(llm: LLMService, tool: ClientTool | undefined) {
    this.#llm = llm;
    this.context = new LLMContext({ tools: tool === undefined ? [] : [toolOf(tool)] });
  }

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    this.context.addMessage({ role: "user", content: text });
    for await (const frame of this.#llm.respond(this.context, { signal })) {
      if (frame instanceof LLMTextFrame) onText(frame.text);
    }
  }

  heard(text: string): void {
    this.context.setMessages([...this.context.messages.slice(0, -1), { role: "assistant", content: text }]);
  }

  async close(): Promise<void> {
    await this.#llm.stop();
  }
}

function toolOf({ name, description, parameter, execute }: ClientTool): FunctionTool {
  return defineTool({
    name,
    description,
    parameters: { type: "object", properties: { [parameter]: { type: "string" } }, required: [parameter] },
    execute: (args) => execute((args as Record<string, string>)[parameter]!),
  });
}
