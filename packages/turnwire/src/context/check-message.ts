import { type Check, checkValue, type Hints, is, isRecord } from "../checks/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";

const roles = is.oneOf(["system", "developer", "user", "assistant", "tool"]);

/** @throws InvalidArgumentError which names the field that cannot be used, and the way out. */
export function checkMessage(message: unknown, field: string): void {
  if (!isRecord(message)) {
    throw new InvalidArgumentError(field, `expected a message object, got ${kindOf(message)}`);
  }
  if ("llm" in message) return checkSpecific(message, field);
  checkRole(message, `${field}.role`);
  refuseForeign(message, field, foreignFields);
  checkContent(message, `${field}.content`);
  checkCalls(message, field);
}

function checkSpecific({ llm, message }: Readonly<Record<string, unknown>>, field: string): void {
  if (typeof llm !== "string" || message === undefined) {
    throw new InvalidArgumentError(field, "a provider-specific message is { llm: string, message }");
  }
  if (llm === "openai" && !(isRecord(message) && typeof message["type"] === "string")) {
    throw new InvalidArgumentError(`${field}.message`, "expected an input item of the Responses API, with its type");
  }
}

const inContent = "what it holds goes into `content` as parts";
const noCacheControl = "providers cache without it; leave it out";

/** Fields of other libraries that say something. Others, such as ids and dates, are kept and not sent. */
const foreignFields: Hints = {
  toolCalls: "it is called `tool_calls`",
  tool_call: "it is called `tool_calls`",
  toolInvocations: "calls go into `tool_calls`",
  toolCallId: "it is called `tool_call_id`",
  tool_use_id: "it is called `tool_call_id`",
  call_id: "it is called `tool_call_id`",
  attachments: inContent,
  experimental_attachments: inContent,
  images: inContent,
  cache_control: noCacheControl,
};

function refuseForeign(value: Readonly<Record<string, unknown>>, field: string, foreign: Hints): void {
  for (const [name, wayOut] of Object.entries(foreign)) {
    if (value[name] !== undefined) throw new InvalidArgumentError(`${field}.${name}`, `unknown field; ${wayOut}`);
  }
}

const foreignRoles: Readonly<Record<string, string>> = {
  human: 'it is "user" here',
  ai: 'it is "assistant" here',
  model: 'it is "assistant" here',
  bot: 'it is "assistant" here',
  function: 'the output of a call has the role "tool" and a `tool_call_id`',
};

function checkRole(message: Readonly<Record<string, unknown>>, field: string): void {
  const { role } = message;
  if (roles.holds(role)) return;
  let wayOut = "";
  if (role === undefined && typeof message["type"] === "string") {
    wayOut = '; an item of the Responses API is added as { llm: "openai", message: item }';
  } else if (typeof role === "string" && Object.hasOwn(foreignRoles, role)) wayOut = `; ${foreignRoles[role]}`;
  throw new InvalidArgumentError(field, `expected ${roles.expected}, got ${kindOf(role)}${wayOut}`);
}

function checkContent(message: Readonly<Record<string, unknown>>, field: string): void {
  const { role, content } = message;
  if (typeof content === "string" || (role === "assistant" && (content === null || content === undefined))) return;
  if (!Array.isArray(content)) {
    const wayOut = Array.isArray(message["parts"]) ? "; the message has `parts`, which go into `content` here" : "";
    throw new InvalidArgumentError(field, `expected a string or an array of parts, got ${kindOf(content)}${wayOut}`);
  }
  const kinds = role === "assistant" ? assistantParts : inputParts;
  for (const [index, part] of content.entries()) checkPart(part, `${field}[${index}]`, kinds);
}

type PartKinds = Readonly<Record<string, Readonly<Record<string, Check>>>>;

/** Parts in Chat Completions form, and in that of the Responses API, by their type. */
const inputParts: PartKinds = {
  text: { text: is.string },
  image_url: { image_url: is.custom("an object { url }", (value) => isRecord(value) && is.text.holds(value["url"])) },
  input_audio: { input_audio: is.custom("an object { data, format }", isAudio) },
  file: { file: is.custom("an object with file_data or file_id", isFile) },
  input_text: { text: is.string },
  input_image: {},
  input_file: {},
};

function isAudio(value: unknown): boolean {
  return isRecord(value) && is.text.holds(value["data"]) && is.text.holds(value["format"]);
}

function isFile(value: unknown): boolean {
  return isRecord(value) && (is.text.holds(value["file_data"]) || is.text.holds(value["file_id"]));
}

const assistantParts: PartKinds = {
  text: { text: is.string },
  refusal: { refusal: is.string },
  output_text: { text: is.string },
};

const call = "a call goes into `tool_calls` of the assistant's message";
const result = 'a result is a message of its own, { role: "tool", tool_call_id, content }';
const thought = 'reasoning is a message of its own, { llm: "openai", message: item }';

/** Advice about parts that other libraries have. */
const waysOut: Readonly<Record<string, string>> = {
  image: 'an image is { type: "image_url", image_url: { url } }, where the URL may be a data: URL',
  document: 'a file is { type: "file", file: { file_data, filename } }',
  audio: 'audio is { type: "input_audio", input_audio: { data, format } }',
  tool_use: call,
  "tool-call": call,
  function_call: call,
  tool_result: result,
  "tool-result": result,
  function_call_output: result,
  reasoning: thought,
  thinking: thought,
};

function checkPart(part: unknown, field: string, kinds: PartKinds): void {
  if (!isRecord(part)) {
    throw new InvalidArgumentError(field, `expected a part, such as { type: "text", text }, got ${kindOf(part)}`);
  }
  const { type } = part;
  if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
    const { expected } = is.oneOf(Object.keys(kinds).filter((kind) => !/^(in|out)put_(?!audio)/.test(kind)));
    const wayOut = typeof type === "string" && Object.hasOwn(waysOut, type) ? `; ${waysOut[type]}` : "";
    const got = typeof type === "string" ? "another type" : kindOf(type);
    throw new InvalidArgumentError(`${field}.type`, `expected ${expected}, got ${got}${wayOut}`);
  }
  refuseForeign(part, field, { cache_control: noCacheControl });
  for (const [name, check] of Object.entries(kinds[type]!)) checkValue(part[name], `${field}.${name}`, check);
}

function checkCalls(message: Readonly<Record<string, unknown>>, field: string): void {
  if (message["role"] === "tool") checkValue(message["tool_call_id"], `${field}.tool_call_id`, is.string);
  const calls = message["tool_calls"];
  if (calls !== undefined && calls !== null) checkValue(calls, `${field}.tool_calls`, is.listOf(toolCall));
}

const calledFunction: Check = {
  ...is.custom("an object { name, arguments }", isRecord),
  within: (value, field) => {
    const { name, arguments: args } = value as Record<string, unknown>;
    checkValue(name, `${field}.name`, is.string);
    checkValue(args, `${field}.arguments`, is.custom("a string of JSON", is.string.holds));
  },
};

const toolCall: Check = {
  ...is.custom('a call { id, type: "function", function: { name, arguments } }', isRecord),
  within: (value, field) => {
    const { id, type, function: called } = value as Record<string, unknown>;
    if (type !== "function" && type !== "custom") {
      const wayOut = 'a call is { id, type: "function", function: { name, arguments } }';
      throw new InvalidArgumentError(`${field}.type`, `expected "function", got ${kindOf(type)}; ${wayOut}`);
    }
    checkValue(id, `${field}.id`, is.string);
    if (type === "function") checkValue(called, `${field}.function`, calledFunction);
  },
};
