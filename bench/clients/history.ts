import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import type { ClientTool } from "./client.ts";

type Answered = Pick<Response, "id" | "output">;

/** What a user of a bare protocol client keeps: the items of the conversation, and what the server knows of them. */
export class History {
  #items: ResponseInputItem[] = [];
  /** The responses, with how many items the server knows through each. */
  #answered: Array<{ id: string; known: number }> = [];

  get items(): readonly ResponseInputItem[] {
    return this.#items;
  }

  /** A whole turn: asks until no function is called any more, or there is no response, as after an interruption. */
  async turn(text: string, tool: ClientTool | undefined, ask: () => Promise<Answered | undefined>): Promise<void> {
    this.#items.push({ role: "user", content: text });
    let again = true;
    while (again) {
      const response = await ask();
      again = response !== undefined && this.#take(response, tool);
    }
  }

  /** Everything, or what is new since the last response. */
  request(): { input: ResponseInputItem[]; previous_response_id?: string } {
    const last = this.#answered.at(-1);
    if (last === undefined) return { input: this.#items };
    return { input: this.#items.slice(last.known), previous_response_id: last.id };
  }

  /** Takes in a completed response; true if its calls were answered and the model has to be asked again. */
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

  /** The answer was cut short, and only so much of it heard. */
  interrupted(heard: string): void {
    if (heard !== "") this.#items.push({ role: "assistant", content: heard });
  }

  /** The server's answer was complete, but only so much of it heard. */
  cut(heard: string): void {
    this.#items.pop();
    this.#items.push({ role: "assistant", content: heard });
    this.#answered.pop();
  }

  /** What the server knew is gone. */
  forget(): void {
    this.#answered = [];
  }
}

/** The tool as the API describes one. */
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
