export { checkObjectSchema, isStandardSchema } from "./check-schema.ts";
export { LLMContextAggregatorPair } from "./aggregator-pair.ts";
export { LLMAssistantAggregator } from "./assistant-aggregator.ts";
export { AssistantWriter } from "./assistant-writer.ts";
export { LLMContextFrame, LLMMessagesAppendFrame, LLMRunFrame } from "./frames.ts";
export {
  checkContext,
  historyOf,
  LLMContext,
  type LLMContextOptions,
  type SerializedLLMContext,
  type ToolChoice,
} from "./llm-context.ts";
export type {
  AssistantMessage,
  AudioPart,
  ChatMessage,
  ContentPart,
  CustomToolCall,
  DeveloperMessage,
  FilePart,
  FunctionMessage,
  FunctionToolCall,
  ImagePart,
  NamedToolChoice,
  RefusalPart,
  SystemMessage,
  TextPart,
  ToolMessage,
  UserMessage,
} from "./message-types.ts";
export { isSpecificMessage, type LLMMessage, type LLMSpecificMessage, type UserContent } from "./messages.ts";
export { cancelledOutput, missingOutput, runningOutput } from "./outputs.ts";
export {
  type CheckedArguments,
  defineTool,
  functionChecks,
  functionName,
  functionTimeLimit,
  type FunctionCallParams,
  type FunctionHandler,
  type FunctionOptions,
  type FunctionTool,
  type JsonSchema,
} from "./tools.ts";
export { type AssistantSide, LLMUserAggregator } from "./user-aggregator.ts";
