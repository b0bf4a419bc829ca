/** Items of the Responses API, as far as the client writes and reads them. */

export interface InputText {
  type: "input_text";
  text: string;
}

export interface InputImage {
  type: "input_image";
  image_url?: string | null;
  file_id?: string | null;
  detail: "auto" | "low" | "high" | "original";
}

export interface InputFile {
  type: "input_file";
  file_data?: string;
  file_id?: string | null;
  file_url?: string;
  filename?: string;
}

/** Models that hear take it, though the API's own types do not list it among the parts of a message. */
export interface InputAudio {
  type: "input_audio";
  input_audio: { data: string; format: "wav" | "mp3" };
}

export type InputPart = InputText | InputImage | InputFile | InputAudio;

export interface InputMessage {
  type: "message";
  role: "user" | "assistant" | "system" | "developer";
  content: string | InputPart[];
}

export interface FunctionCallItem {
  type: "function_call";
  id?: string;
  call_id: string;
  name: string;
  arguments: string;
  status?: "in_progress" | "completed" | "incomplete";
}

export interface FunctionCallOutputItem {
  type: "function_call_output";
  call_id: string;
  output: string | InputPart[];
}

/** `encrypted_content`: what the model thought, for the server alone to read. */
export interface ReasoningItem {
  type: "reasoning";
  id: string;
  summary: Array<{ type: "summary_text"; text: string }>;
  encrypted_content?: string | null;
}

/** A reasoning item as it is sent. It may lack its id, which a server that stores nothing cannot find. */
export type SentReasoningItem = Omit<ReasoningItem, "id"> & { id?: string };

export interface OutputMessage {
  type: "message";
  id: string;
  role: "assistant";
  status?: "in_progress" | "completed" | "incomplete";
  content: Array<
    { type: "output_text"; text: string; annotations?: readonly unknown[] } | { type: "refusal"; refusal: string }
  >;
}

/** An item of another kind, such as the call of a tool that runs at the provider. */
export interface OtherItem {
  type:
    | "additional_tools"
    | "apply_patch_call"
    | "apply_patch_call_output"
    | "code_interpreter_call"
    | "compaction"
    | "compaction_trigger"
    | "computer_call"
    | "computer_call_output"
    | "custom_tool_call"
    | "custom_tool_call_output"
    | "file_search_call"
    | "image_generation_call"
    | "local_shell_call"
    | "local_shell_call_output"
    | "mcp_approval_request"
    | "mcp_approval_response"
    | "mcp_call"
    | "mcp_list_tools"
    | "program"
    | "program_output"
    | "shell_call"
    | "shell_call_output"
    | "tool_search_call"
    | "tool_search_output"
    | "web_search_call";
  id?: string | null;
  status?: string | null;
}

/** An item of a request. */
export type ResponseInputItem =
  | InputMessage
  | FunctionCallItem
  | FunctionCallOutputItem
  | SentReasoningItem
  | OtherItem;

/** An item of a response. */
export type ResponseOutputItem = OutputMessage | FunctionCallItem | ReasoningItem | OtherItem | ReturnedOutputItem;

/** The output of a call, where a server returns it. */
export interface ReturnedOutputItem {
  type: "function_call_output";
  id?: string | null;
}
