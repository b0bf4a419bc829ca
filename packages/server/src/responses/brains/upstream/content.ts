import type { ResponseInputItem } from "openai/resources/responses/responses";
import type {
  ChatCompletionContentPart,
  ChatCompletionContentPartImage,
} from "openai/resources/chat/completions/completions";
import { notForUpstream } from "./errors.ts";
import { given } from "./fields.ts";

type UserContent = string | ChatCompletionContentPart[];

/** A message of any role. */
export type Message = Extract<ResponseInputItem, { role: string; content: unknown }>;

/** The content of a message or of a function's output. */
export type ItemContent = Message["content"] | ResponseInputItem.FunctionCallOutput["output"];
type ContentPart = Exclude<ItemContent, string>[number];
type PartOf<Type extends ContentPart["type"]> = Extract<ContentPart, { type: Type }>;

/** Content for Chat Completions. Text alone becomes a string, since many model servers take nothing else. */
export function toUserContent(content: ItemContent): UserContent {
  if (typeof content === "string") return content;
  const parts = content.map(toPart);
  return parts.every((part) => part.type === "text") ? parts.map(({ text }) => text).join("\n") : parts;
}

/** Content that can only be text, as the system's and the assistant's. */
export function toText(content: ItemContent, whose: string): string {
  const converted = toUserContent(content);
  if (typeof converted === "string") return converted;
  throw notForUpstream("input", `Images and files in ${whose}`, "Chat Completions takes them from the user only");
}

/** The text of a function's output, and the parts of it that Chat Completions takes only from the user. */
export function splitOutput(content: ItemContent): { text: string; media: ChatCompletionContentPart[] } {
  if (typeof content === "string") return { text: content, media: [] };
  const parts = content.map(toPart);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const media = parts.filter((part) => part.type !== "text");
  if (media.length > 0) texts.push("(What this function returned is attached to the next message.)");
  return { text: texts.join("\n"), media };
}

function toPart(part: ContentPart): ChatCompletionContentPart {
  const { type } = part;
  switch (part.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "text", text: part.refusal };
    case "input_image":
      return imagePart(part);
    case "input_file":
      return filePart(part);
    default:
      throw notForUpstream("input", `Content of the type '${type}'`, "send text, images or files");
  }
}

function imagePart({ image_url, detail }: PartOf<"input_image">): ChatCompletionContentPartImage {
  if (typeof image_url !== "string") {
    throw notForUpstream("input", "An image by its file_id", "send it as image_url, which may be a data: URL");
  }
  const level = detail === "low" || detail === "high" ? { detail } : {};
  return { type: "image_url", image_url: { url: image_url, ...level } };
}

function filePart({ file_data, file_id, filename }: PartOf<"input_file">): ChatCompletionContentPart {
  const file = given({ file_data, file_id, filename });
  if (file.file_data === undefined && file.file_id === undefined) {
    throw notForUpstream("input", "A file by its file_url", "send it as file_data with its filename");
  }
  return { type: "file", file };
}
