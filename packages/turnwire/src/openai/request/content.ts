import type { ContentPart } from "../../context/index.ts";
import { InvalidArgumentError, kindOf } from "../../errors.ts";
import type { InputFile, InputPart } from "../../protocol/index.ts";

type Converters = {
  [T in ContentPart["type"]]: (part: Extract<ContentPart, { type: T }>) => InputPart;
};

const converters: Converters = {
  text: (part) => ({ type: "input_text", text: part.text }),
  image_url: (part) => ({
    type: "input_image",
    image_url: part.image_url.url,
    detail: part.image_url.detail ?? "auto",
  }),
  input_audio: (part) => ({ type: "input_audio", input_audio: part.input_audio }),
  file: (part) => {
    const file: InputFile = { type: "input_file" };
    if (part.file.file_id !== undefined) file.file_id = part.file.file_id;
    if (part.file.file_data !== undefined) file.file_data = part.file.file_data;
    if (part.file.filename !== undefined) file.filename = part.file.filename;
    return file;
  },
};

/**
 * Message content in the form that the Responses API takes. A string stays as it is, and so do parts that are in that
 * form already (`input_text`, `input_image`, `input_file`, `input_audio`).
 * @throws InvalidArgumentError which names the part that cannot be sent.
 */
export function toInputContent(content: unknown, field: string): string | InputPart[] {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) {
    throw new InvalidArgumentError(field, `expected a string or an array of parts, got ${kindOf(content)}`);
  }
  return content.map((part: unknown, index) => toInputPart(part, `${field}[${index}]`));
}

function toInputPart(part: unknown, field: string): InputPart {
  const type: unknown = typeof part === "object" && part !== null ? (part as { type?: unknown }).type : undefined;
  if (typeof type === "string" && type.startsWith("input_") && type !== "input_audio") return part as InputPart;
  const convert =
    typeof type === "string" && Object.hasOwn(converters, type) ? converters[type as keyof Converters] : undefined;
  if (convert === undefined) {
    const known = Object.keys(converters).join(", ");
    throw new InvalidArgumentError(`${field}.type`, `expected one of ${known}, got ${kindOf(type)}`);
  }
  try {
    return convert(part as never);
  } catch (error) {
    throw new InvalidArgumentError(field, `a part of type ${String(type)} lacks its content`, { cause: error });
  }
}

/** The text of an assistant's message. A refusal counts as text. */
export function assistantText(content: unknown, refusal: unknown, field: string): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return typeof refusal === "string" ? refusal : "";
  if (!Array.isArray(content)) {
    throw new InvalidArgumentError(field, `expected a string or an array of parts, got ${kindOf(content)}`);
  }
  return content
    .map((part: { type?: unknown; text?: unknown; refusal?: unknown }, index) => {
      const text = part.type === "refusal" ? part.refusal : part.text;
      if (typeof text === "string") return text;
      throw new InvalidArgumentError(`${field}[${index}]`, "an assistant's parts are of type text or refusal");
    })
    .join("");
}
