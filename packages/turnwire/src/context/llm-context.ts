import { type Check, checkOptions, type Checks, checkValue, is, isRecord } from "../checks/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import type { NamedToolChoice } from "./message-types.ts";
import { freezeMessages, type LLMMessage, type UserContent } from "./messages.ts";
import { defineTool, type FunctionTool, type JsonSchema } from "./tools.ts";

/** Which functions the model may or must call: `auto`, `none`, `required`, or one by name. */
export type ToolChoice = "auto" | "none" | "required" | NamedToolChoice;

export interface LLMContextOptions {
  messages?: readonly LLMMessage[];
  tools?: readonly FunctionTool[];
  toolChoice?: ToolChoice;
}

/** A context as JSON. It does not hold what functions do: give them to `LLMContext.fromJSON` as well. */
export interface SerializedLLMContext {
  messages: readonly LLMMessage[];
  tools?: ReadonlyArray<{ name: string; description?: string; parameters: JsonSchema; strict: boolean }>;
  toolChoice?: ToolChoice;
}

const anyArray = is.custom("an array", (value) => Array.isArray(value));

const toolChoices: Check = is.anyOf(
  is.oneOf(["auto", "none", "required"]),
  is.custom('{ type: "function", function: { name } }', (value) => {
    if (!isRecord(value) || value["type"] !== "function" || !isRecord(value["function"])) return false;
    return is.text.holds(value["function"]["name"]);
  }),
);

const optionChecks = {
  messages: anyArray,
  tools: is.custom("an array of tools, each made by defineTool", anyArray.holds),
  toolChoice: toolChoices,
} satisfies Checks<LLMContextOptions>;

const ofService = "it belongs to the service's options";
const optionHints = {
  instructions: ofService,
  model: ofService,
  system: "it is `instructions` of the service, or a message of the role system",
  history: "it is called `messages`",
  tool_choice: "it is called `toolChoice`",
};

const contextCheck = is.having(["addMessages", "setMessages", "toJSON"], "an LLMContext");

/**
 * Not public.
 * @throws InvalidArgumentError which says how to make a context of what was given.
 */
export function checkContext(value: unknown): asserts value is LLMContext {
  if (value instanceof LLMContext || contextCheck.holds(value)) return;
  let wayOut = "";
  if (typeof value === "string") wayOut = "; add the text to one with addUserMessage()";
  if (Array.isArray(value) || value === undefined || (isRecord(value) && "messages" in value)) {
    wayOut = "; messages make one with new LLMContext({ messages })";
  }
  throw new InvalidArgumentError("context", `expected an LLMContext, got ${kindOf(value)}${wayOut}`);
}

/** Not public: the messages of a context as one array, which grows as long as the history is only appended to. */
export let historyOf: (context: Pick<LLMContext, "messages">) => readonly LLMMessage[];

/**
 * A conversation: its messages, the functions that the model may call, and which of them it must call.
 * The history is appended to or replaced. Nothing changes it in place: messages are frozen copies of what was given.
 */
export class LLMContext {
  #history: LLMMessage[];
  /** The history as an array for callers, made when one asks. */
  #snapshot: readonly LLMMessage[] | undefined;
  #tools: readonly FunctionTool[] = [];
  #toolChoice: ToolChoice | undefined;

  static {
    historyOf = (context) => (#history in context ? context.#history : context.messages);
  }

  /** @throws InvalidArgumentError which names the option, message or tool that cannot be used. */
  constructor(options: LLMContextOptions = {}) {
    if (Array.isArray(options)) {
      const got = `${kindOf(options)}; messages are given as { messages }`;
      throw new InvalidArgumentError("options", `expected an object with the options of LLMContext, got ${got}`);
    }
    checkOptions("LLMContext", options, optionChecks, optionHints);
    this.#history = freezeMessages(options.messages ?? []);
    this.setTools(options.tools ?? []);
    this.#toolChoice = options.toolChoice;
  }

  /** The messages so far, oldest first: a frozen array, which stays as it is when messages are added. */
  get messages(): readonly LLMMessage[] {
    this.#snapshot ??= Object.freeze([...this.#history]);
    return this.#snapshot;
  }

  get tools(): readonly FunctionTool[] {
    return this.#tools;
  }

  get toolChoice(): ToolChoice | undefined {
    return this.#toolChoice;
  }

  /**
   * Appends what the user says: text, or parts such as images.
   * @throws InvalidArgumentError
   */
  addUserMessage(content: UserContent): void {
    if (isRecord(content)) {
      const wayOut = "role" in content ? "addMessage() takes messages" : "a part goes into an array";
      const expected = `expected a string or an array of parts, got ${kindOf(content)}`;
      throw new InvalidArgumentError("content", `${expected}; ${wayOut}`);
    }
    this.addMessage({ role: "user", content: content as string });
  }

  /** @throws InvalidArgumentError which names the field that cannot be used. */
  addMessage(message: LLMMessage): void {
    this.addMessages([message]);
  }

  /**
   * Appends all messages, or none.
   * @throws InvalidArgumentError which names the message and its field that cannot be used.
   */
  addMessages(messages: readonly LLMMessage[]): void {
    const added = freezeMessages(messages, this.#history.length);
    if (added.length === 0) return;
    for (const message of added) this.#history.push(message);
    this.#snapshot = undefined;
  }

  /**
   * Replaces the history.
   * @throws InvalidArgumentError which names the message and its field that cannot be used; nothing is replaced then.
   */
  setMessages(messages: readonly LLMMessage[]): void {
    this.#history = freezeMessages(messages);
    this.#snapshot = undefined;
  }

  /**
   * Replaces the functions that the model may call.
   * @throws InvalidArgumentError which names the tool that cannot be used; nothing is replaced then.
   */
  setTools(tools: readonly FunctionTool[]): void {
    checkValue(tools, "tools", optionChecks.tools);
    const names = new Set<string>();
    for (const [index, tool] of tools.entries()) {
      if (typeof tool?.check !== "function") {
        const wayOut = isRecord(tool)
          ? "; give its fields to defineTool({ name, description, parameters, execute })"
          : "";
        const got = `${kindOf(tool)}${wayOut}`;
        throw new InvalidArgumentError(`tools[${index}]`, `expected a tool made by defineTool, got ${got}`);
      }
      if (names.has(tool.name)) {
        throw new InvalidArgumentError(`tools[${index}].name`, `two tools are called ${tool.name}; names are unique`);
      }
      names.add(tool.name);
    }
    this.#tools = Object.freeze([...tools]);
  }

  /**
   * Says which functions the model may or must call; undefined leaves it to the provider's default.
   * @throws InvalidArgumentError
   */
  setToolChoice(toolChoice: ToolChoice | undefined): void {
    if (toolChoice !== undefined) checkValue(toolChoice, "toolChoice", toolChoices);
    this.#toolChoice = toolChoice;
  }

  /** The context as JSON, without what functions do. */
  toJSON(): SerializedLLMContext {
    return {
      messages: this.messages,
      ...(this.#tools.length === 0 ? {} : { tools: this.#tools.map(describeTool) }),
      ...(this.#toolChoice === undefined ? {} : { toolChoice: this.#toolChoice }),
    };
  }

  /**
   * A context from what `toJSON` returned.
   * @param tools The functions' implementations: one takes the place of the serialised description of the same name.
   * @throws InvalidArgumentError
   */
  static fromJSON(json: SerializedLLMContext, tools: readonly FunctionTool[] = []): LLMContext {
    if (typeof json !== "object" || json === null || !Array.isArray(json.messages)) {
      throw new InvalidArgumentError(
        "json",
        "expected the result of LLMContext.toJSON(): { messages, tools, toolChoice }",
      );
    }
    checkValue(tools, "tools", optionChecks.tools);
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
