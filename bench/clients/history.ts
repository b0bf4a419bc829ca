import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import type { ClientTool } from "./client.ts";

type Answered = Pick<Response, "id" | "output">;

/**
 * The state that a user of a bare protocol client must keep: the items of the conversation, and which of them the server has.
 */
export class History {
  #items: ResponseInputItem[] = [];
  /** The completed responses, each with the number of items that the server has if a request continues it. */
  #answered: Array<{ id: string; known: number }> = [];

  get items(): readonly ResponseInputItem[] {
    return this.#items;
  }

  /**
   * Runs a whole turn: sends requests until a response calls no function or until there is no response, as after an
   * interruption.
   */
  async turn(text: string, tool: ClientTool | undefined, ask: () => Promise<Answered | undefined>): Promise<void> {
    this.#items.push({ role: "user", content: text });
    let again = true;
    while (again) {
      const response = await ask();
      again = response !== undefined && this.#take(response, tool);
    }
  }

  /** Builds the request: the items since the last response, or all items if there is no response to continue. */
  request(): { input: ResponseInputItem[]; previous_response_id?: string } {
    const last = this.#answered.at(-1);
    if (last === undefined) return { input: this.#items };
    return { input: this.#items.slice(last.known), previous_response_id: last.id };
  }

  /** Stores a completed response. Returns true if it called functions, so that the model needs another request. */
  #take({ id, output }: Answered, tool: ClientTool | undefined): boolean {
    for (const item of output) this.#items.push(item as ResponseInputItem);
    this.#answered.push({ id, known: this.#items.length });
    const calls = output.filter((item) => item.type === "function_call");
    for (const { call_id, arguments: text } of calls) {
      if (tool === undefined) throw new Error("the model called a function that it was not offered");
      const argument = (JSON.parse(text) as Record<string, string>)[tool.parameter]!;
      this.#items.push({ type: "function_call_output", call_id, output: tool.execute(argument) });
    }
    return calls.length > 0;
  }

  /** Stores the part of an interrupted answer that the user heard. */
  interrupted(heard: string): void {
    if (heard !== "") this.#items.push({ role: "assistant", content: heard });
  }

  /** Shortens a complete answer to the part that the user heard. */
  cut(heard: string): void {
    this.#items.pop();
    this.#items.push({ role: "assistant", content: heard });
    this.#answered.pop();
  }

  /** Forgets which items the server has. */
  forget(): void {
    this.#answered = [];
  }
}

/** The tool in the form of the API. */
export function toolParams(tool: ClientTool | undefined): {
  tools?: [
    { type: "function"; name: string; description: string; parameters: Record<string, unknown>; strict: boolean },
  ];
} {
  if (tool === undefined) return {};
  const { name, description, parameter } = tool;
  const parameters = { type: "object", properties: { [parameter]: { type: "string" } }, required: [parameter] };
  return { tools: [{ type: "function", name, description, parameters, strict: false }] };
}
