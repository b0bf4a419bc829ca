import type { ChatCompletionToolChoiceOption } from "openai/resources/chat/completions";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import { freezeMessages, type LLMMessage } from "./messages.ts";
import { defineTool, type FunctionTool, type JsonSchema } from "./tools.ts";

/** Which functions the model may or must call: `auto`, `none`, `required`, or one by name. */
export type ToolChoice = "auto" | "none" | "required" | Extract<ChatCompletionToolChoiceOption, { type: "function" }>;

export interface LLMContextOptions {
  messages?: readonly LLMMessage[];
  tools?: readonly FunctionTool[];
  toolChoice?: ToolChoice;
}

/** A context as JSON. What functions do is not in it: `LLMContext.fromJSON` takes them beside it. */
export interface SerializedLLMContext {
  messages: readonly LLMMessage[];
  tools?: ReadonlyArray<{ name: string; description?: string; parameters: JsonSchema; strict: boolean }>;
  toolChoice?: ToolChoice;
}

/**
 * A conversation: its messages, the functions the model may call, and which of them it must.
 * Messages are frozen copies of what is added: the history is appended to or replaced, never edited in place.
 */
export class LLMContext {
  #messages: LLMMessage[];
  #tools: readonly FunctionTool[] = [];
  #toolChoice: ToolChoice | undefined;

  /** @throws InvalidArgumentError naming the message or tool that cannot be used. */
  constructor(options: LLMContextOptions = {}) {
    this.#messages = freezeMessages(options.messages ?? []);
    this.setTools(options.tools ?? []);
    this.#toolChoice = options.toolChoice;
  }

  /**
   * The messages, oldest first. The same array grows as long as messages are only appended; replacing the history
   * makes another array.
   */
  get messages(): readonly LLMMessage[] {
    return this.#messages;
  }

  get tools(): readonly FunctionTool[] {
    return this.#tools;
  }

  get toolChoice(): ToolChoice | undefined {
    return this.#toolChoice;
  }

  addMessage(message: LLMMessage): void {
    this.addMessages([message]);
  }

  addMessages(messages: readonly LLMMessage[]): void {
    this.#messages.push(...freezeMessages(messages, this.#messages.length));
  }

  /** Replaces the history. */
  setMessages(messages: readonly LLMMessage[]): void {
    this.#messages = freezeMessages(messages);
  }

  setTools(tools: readonly FunctionTool[]): void {
    const names = new Set<string>();
    for (const [index, tool] of tools.entries()) {
      if (typeof tool?.check !== "function") {
        throw new InvalidArgumentError(`tools[${index}]`, `expected a tool made by defineTool, got ${kindOf(tool)}`);
      }
      if (names.has(tool.name)) {
        throw new InvalidArgumentError(`tools[${index}].name`, `two tools are called ${tool.name}; names are unique`);
      }
      names.add(tool.name);
    }
    this.#tools = Object.freeze([...tools]);
  }

  setToolChoice(toolChoice: ToolChoice | undefined): void {
    this.#toolChoice = toolChoice;
  }

  toJSON(): SerializedLLMContext {
    return {
      messages: [...this.#messages],
      ...(this.#tools.length === 0 ? {} : { tools: this.#tools.map(describeTool) }),
      ...(this.#toolChoice === undefined ? {} : { toolChoice: this.#toolChoice }),
    };
  }

  /**
   * A context from what `toJSON` said.
   * @param tools The functions' implementations: one of the same name takes the place of a serialised description.
   */
  static fromJSON(json: SerializedLLMContext, tools: readonly FunctionTool[] = []): LLMContext {
    if (typeof json !== "object" || json === null || !Array.isArray(json.messages)) {
      throw new InvalidArgumentError(
        "json",
        "expected what LLMContext.toJSON() answers: { messages, tools, toolChoice }",
      );
    }
    const implemented = new Map(tools.map((tool) => [tool.name, tool]));
    return new LLMContext({
      messages: json.messages,
      tools: (json.tools ?? []).map((tool) => implemented.get(tool.name) ?? defineTool(tool)),
      ...(json.toolChoice === undefined ? {} : { toolChoice: json.toolChoice }),
    });
  }
}

function describeTool(tool: FunctionTool): NonNullable<SerializedLLMContext["tools"]>[number] {
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    strict: tool.strict,
  };
}
