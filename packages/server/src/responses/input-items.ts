import type { ResponseInputItem } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";

/** The texts in the content of a message, or in the output of a function. */
export function textsIn(content: unknown): string[] {
  if (typeof content === "string") return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? [part["text"]] : []));
}

/** The items of an input that was checked: a string is a message of the user. */
export function itemsOf(input: unknown): ResponseInputItem[] {
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  return Array.isArray(input) ? (input as ResponseInputItem[]) : [];
}
