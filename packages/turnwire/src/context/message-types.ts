/**
 * Messages in the shape of the Chat Completions API, which most providers and libraries understand. They are structurally
 * the types of the `openai` package: a message of either goes where the other is expected.
 */

export interface TextPart {
  type: "text";
  text: string;
}

export interface ImagePart {
  type: "image_url";
  /** `url`: an address, or a `data:` URL. */
  image_url: { url: string; detail?: "auto" | "low" | "high" | "original" };
}

export interface AudioPart {
  type: "input_audio";
  /** `data`: base64. */
  input_audio: { data: string; format: "wav" | "mp3" };
}

export interface FilePart {
  type: "file";
  /** `file_data`: base64. */
  file: { file_data?: string; file_id?: string; filename?: string };
}

export interface RefusalPart {
  type: "refusal";
  refusal: string;
}

/** A part of a user's message. */
export type ContentPart = TextPart | ImagePart | AudioPart | FilePart;

export interface SystemMessage {
  role: "system";
  content: string | TextPart[];
  name?: string;
}

export interface DeveloperMessage {
  role: "developer";
  content: string | TextPart[];
  name?: string;
}

export interface UserMessage {
  role: "user";
  content: string | ContentPart[];
  name?: string;
}

/** A call of a function. `arguments`: JSON text, as the model wrote it. */
export interface FunctionToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** A call of a tool that takes free text. The Responses services refuse it. */
export interface CustomToolCall {
  id: string;
  type: "custom";
  custom: { name: string; input: string };
}

export interface AssistantMessage {
  role: "assistant";
  content?: string | Array<TextPart | RefusalPart> | null;
  refusal?: string | null;
  tool_calls?: Array<FunctionToolCall | CustomToolCall>;
  /** Deprecated by the API. The Responses services refuse it. */
  function_call?: { name: string; arguments: string } | null;
  audio?: { id: string } | null;
  name?: string;
}

/** The output of a call. */
export interface ToolMessage {
  role: "tool";
  tool_call_id: string;
  content: string | TextPart[];
}

/** Deprecated by the API. The Responses services refuse it. */
export interface FunctionMessage {
  role: "function";
  name: string;
  content: string | null;
}

export type ChatMessage =
  | SystemMessage
  | DeveloperMessage
  | UserMessage
  | AssistantMessage
  | ToolMessage
  | FunctionMessage;

/** Which function the model must call. */
export interface NamedToolChoice {
  type: "function";
  function: { name: string };
}
