import type { ContentPart } from "../../context/index.ts";
import { InvalidArgumentError, kindOf } from "../../errors.ts";
import { type InputFile, type InputPart, isObject } from "../../protocol/index.ts";

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

/** Whether a part has what its type is about. */
const contentChecks: Readonly<Record<string, (part: Readonly<Record<string, unknown>>) => boolean>> = {
  text: ({ text }) => typeof text === "string",
  input_text: ({ text }) => typeof text === "string",
  image_url: ({ image_url: image }) => isObject(image) && typeof image["url"] === "string",
  input_audio: ({ input_audio: audio }) =>
    isObject(audio) && typeof audio["data"] === "string" && typeof audio["format"] === "string",
  file: ({ file }) => isObject(file) && (typeof file["file_data"] === "string" || typeof file["file_id"] === "string"),
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
  const type = isObject(part) ? part["type"] : undefined;
  const convert =
    typeof type === "string" && Object.hasOwn(converters, type) ? converters[type as keyof Converters] : undefined;
  const isSentAsItIs = convert === undefined && typeof type === "string" && type.startsWith("input_");
  if (convert === undefined && !isSentAsItIs) {
    const known = Object.keys(converters).join(", ");
    throw new InvalidArgumentError(`${field}.type`, `expected one of ${known}, got ${kindOf(type)}`);
  }
  if (isObject(part) && contentChecks[String(type)]?.(part) === false) {
    throw new InvalidArgumentError(field, `a part of type ${String(type)} lacks its content`);
  }
  return convert === undefined ? (part as InputPart) : convert(part as never);
}

/** The text of an assistant's message. A refusal counts as text. */
export function assistantText(content: unknown, refusal: unknown, field: string): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return typeof refusal === "string" ? refusal : "";
  if (!Array.isArray(content)) {
    throw new InvalidArgumentError(field, `expected a string or an array of parts, got ${kindOf(content)}`);
  }
  return content
    .map((part: unknown, index) => {
      const { type, text: plain, refusal: refused }: Record<string, unknown> = isObject(part) ? part : {};
      const text = type === "refusal" ? refused : plain;
      if (typeof text === "string") return text;
      throw new InvalidArgumentError(`${field}[${index}]`, "an assistant's parts are of type text or refusal");
    })
    .join("");
}
