import { isObject } from "turnwire/internal";

const eventFields: ReadonlySet<string> = new Set(["type", "previous_response_id", "input"]);
const messageFields: ReadonlySet<string> = new Set(["type", "role", "content"]);
const parts: ReadonlySet<unknown> = new Set(["input_text", "input_image", "input_file"]);

/** The reason to refuse a `response.steer`, if there is one: it has three fields, and its input is user messages. */
export function steerInputProblem(event: Record<string, unknown>): string | undefined {
  const extra = Object.keys(event).find((name) => !eventFields.has(name));
  if (extra !== undefined) {
    return `Unknown parameter: '${extra.slice(0, 64)}'. The event takes only 'type', 'previous_response_id' and 'input'.`;
  }
  const { input } = event;
  if (typeof input === "string") return input === "" ? "'input' is empty." : undefined;
  if (!Array.isArray(input) || input.length === 0) {
    return "'input' has to be a string or a non-empty array of user messages.";
  }
  for (const [index, message] of input.entries()) {
    const problem = messageProblem(message);
    if (problem !== undefined) return `'input[${index}]' ${problem}`;
  }
  return undefined;
}

function messageProblem(message: unknown): string | undefined {
  if (!isObject(message)) return "has to be an object.";
  if ((message["type"] ?? "message") !== "message" || message["role"] !== "user") return "has to be a user message.";
  const extra = Object.keys(message).find((name) => !messageFields.has(name));
  if (extra !== undefined) return `has the unknown field '${extra.slice(0, 64)}'.`;
  const { content } = message;
  if (typeof content === "string") return undefined;
  const known = (part: unknown): boolean =>
    isObject(part) && parts.has(part["type"]) && (part["type"] !== "input_text" || typeof part["text"] === "string");
  if (Array.isArray(content) && content.length > 0 && content.every(known)) return undefined;
  return "has to have a string or a list of 'input_text', 'input_image' and 'input_file' parts as its content.";
}
