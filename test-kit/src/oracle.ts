import type { LLMContext, LLMMessage } from "turnwire";

/** A part of a conversation, reduced to what a model reads. */
type Part = string;

type Fields = Record<string, unknown>;

/** The conversation that the application holds, derived only from its messages. */
export function heldBy(context: LLMContext): Part[] {
  return merged(context.messages.flatMap(partsOf));
}

function partsOf(message: LLMMessage): Part[] {
  if ("llm" in message) return [`reasoning ${String((message.message as Fields)["encrypted_content"])}`];
  if (message.role === "tool") return [`output ${message.tool_call_id} ${textOf(message.content)}`];
  if (message.role !== "assistant") return [`${message.role} ${textOf(message.content)}`];
  const calls = (message.tool_calls ?? []).map((call) =>
    call.type === "function" ? `call ${call.id} ${call.function.name} ${call.function.arguments}` : "?",
  );
  return [...(message.content ? [`assistant ${textOf(message.content)}`] : []), ...calls];
}

/** The conversation that the server's model sees: the chain and the input, put together. */
export function seenBy(conversation: ReadonlyArray<unknown>): Part[] {
  return merged((conversation as Fields[]).map(partOf));
}

function partOf(item: Fields): Part {
  switch (item["type"]) {
    case "reasoning":
      return `reasoning ${String(item["encrypted_content"])}`;
    case "function_call":
      return `call ${String(item["call_id"])} ${String(item["name"])} ${String(item["arguments"])}`;
    case "function_call_output":
      return `output ${String(item["call_id"])} ${textOf(item["output"])}`;
    default:
      return `${String(item["role"])} ${textOf(item["content"])}`;
  }
}

/** Joins texts of the assistant in a row: a model does not read where one message ends and the next begins. */
function merged(parts: readonly Part[]): Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.startsWith("assistant ") && last?.startsWith("assistant ")) {
      all[all.length - 1] = last + part.slice("assistant ".length);
    } else all.push(part);
  }
  return all;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as Array<{ text?: string; refusal?: string }>)
    .map((part) => part.text ?? part.refusal ?? "")
    .join("");
}
