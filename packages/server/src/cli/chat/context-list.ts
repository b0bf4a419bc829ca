import type { LLMContext, LLMMessage } from "turnwire";

const indent = " ".repeat(11);

/** The messages of a conversation as lines to read. */
export function contextList({ messages }: Pick<LLMContext, "messages">): string[] {
  if (messages.length === 0) return ["The conversation is empty."];
  return messages.flatMap(describe).flatMap(([who, what]) => {
    const [first = "", ...rest] = what.split("\n");
    return [who.padEnd(indent.length) + first, ...rest.map((line) => indent + line)];
  });
}

type Line = [who: string, what: string];

function describe(message: LLMMessage): Line[] {
  if ("llm" in message) return [[message.llm, JSON.stringify(message.message)]];
  const lines: Line[] = [];
  const content = contentText(message.content);
  if (content !== "") lines.push([message.role, content]);
  if (message.role === "assistant") {
    for (const call of message.tool_calls ?? []) {
      lines.push([
        message.role,
        call.type === "function" ? `calls ${call.function.name} ${call.function.arguments}` : JSON.stringify(call),
      ]);
    }
  }
  return lines.length === 0 ? [[message.role, "(nothing)"]] : lines;
}

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: { type: string; text?: unknown }) => (typeof part.text === "string" ? part.text : `[${part.type}]`))
    .join("\n");
}
