/**
 * `@livekit/agents` with the OpenAI plugin's Responses LLM, which uses a WebSocket by default. Each turn calls `chat()` with a
 * copy of the context, as LiveKit's sessions do.
 */
import { initializeLogger, llm } from "@livekit/agents";
import { responses } from "@livekit/agents-plugin-openai";
import {
  apiKey,
  type Client,
  type ClientTool,
  type Conversation,
  type ConversationOptions,
  instructions,
  model,
} from "./client.ts";

initializeLogger({ pretty: false, level: "silent" });

class LivekitConversation implements Conversation {
  readonly #llm: responses.LLM;
  readonly #tool: ClientTool | undefined;
  readonly #context = llm.ChatContext.empty();

  constructor({ baseURL, tool }: ConversationOptions) {
    this.#llm = new responses.LLM({ model, apiKey, baseURL });
    // Without a listener, an error event of this LLM would end the process.
    this.#llm.on("error", () => undefined);
    this.#tool = tool;
    this.#context.addMessage({ role: "system", content: instructions });
  }

  readonly warmUp = async (): Promise<void> => {
    this.#llm.prewarm();
    await new Promise((resolve) => setTimeout(resolve, 500));
  };

  async say(text: string, onText: (piece: string) => void, signal: AbortSignal): Promise<void> {
    this.#context.addMessage({ role: "user", content: text });
    let again = true;
    while (again) again = await this.#ask(onText, signal);
  }

  heard(text: string): void {
    this.#context.items = this.#context.items.slice(0, -1);
    this.#context.addMessage({ role: "assistant", content: text, interrupted: true });
  }

  close(): Promise<void> {
    return this.#llm.aclose();
  }

  async #ask(onText: (piece: string) => void, signal: AbortSignal): Promise<boolean> {
    const toolCtx = this.#tool === undefined ? undefined : { toolCtx: toolContext(this.#tool) };
    const failure = this.#failure();
    const stream = this.#llm.chat({ chatCtx: this.#context.copy(), ...toolCtx });
    const onAbort = (): void => stream.close();
    signal.addEventListener("abort", onAbort);
    const calls: llm.FunctionCall[] = [];
    let heard = "";
    for await (const { delta } of stream) {
      if (signal.aborted) break;
      if (delta?.content) {
        heard += delta.content;
        onText(delta.content);
      }
      if (delta?.toolCalls) calls.push(...delta.toolCalls);
    }
    signal.removeEventListener("abort", onAbort);
    const error = failure();
    if (error !== undefined && !signal.aborted) throw error;
    if (heard !== "") this.#context.addMessage({ role: "assistant", content: heard, interrupted: signal.aborted });
    for (const call of calls) {
      const argument = (JSON.parse(call.args) as Record<string, string>)[this.#tool!.parameter]!;
      const output = llm.FunctionCallOutput.create({
        callId: call.callId,
        name: call.name,
        output: this.#tool!.execute(argument),
        isError: false,
      });
      this.#context.insert([call, output]);
    }
    return calls.length > 0 && !signal.aborted;
  }

  /** A failed stream of this LLM ends without an error; an event reports the failure instead. */
  #failure(): () => Error | undefined {
    let failed: Error | undefined;
    const onError = ({ error, recoverable }: { error: Error; recoverable: boolean }): void => {
      if (!recoverable) failed = error;
    };
    this.#llm.on("error", onError);
    return () => {
      this.#llm.off("error", onError);
      return failed;
    };
  }
}

function toolContext({ name, description, parameter, execute }: ClientTool): llm.ToolContextLike {
  const parameters = {
    type: "object" as const,
    properties: { [parameter]: { type: "string" as const } },
    required: [parameter],
  };
  const run = async (args: unknown): Promise<string> => execute((args as Record<string, string>)[parameter]!);
  return [llm.tool({ name, description, parameters, execute: run })];
}

export const client: Client = { open: (options) => new LivekitConversation(options) };
