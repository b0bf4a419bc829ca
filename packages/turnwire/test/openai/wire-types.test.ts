import type {
  ChatCompletionContentPart,
  ChatCompletionMessageParam,
  ChatCompletionNamedToolChoice,
} from "openai/resources/chat/completions";
import type {
  ResponseCreateParams,
  ResponseFunctionToolCall,
  ResponseInputContent,
  ResponseInputItem as OfficialInputItem,
  ResponseOutputItem as OfficialOutputItem,
} from "openai/resources/responses/responses";
import { describe, expectTypeOf, it } from "vitest";
import type { ChatMessage, ContentPart, NamedToolChoice } from "../../src/context/index.ts";
import type { Reasoning } from "../../src/openai/index.ts";
import type { RequestFields } from "../../src/openai/request/index.ts";
import type { FunctionCallItem, InputAudio, InputPart, ResponseOutputItem } from "../../src/protocol/index.ts";

// tsc is the judge: these types are no part of the package, and the `openai` package is none of its dependencies.
describe("turnwire's own types and those of the openai package", () => {
  it("agree about messages", () => {
    expectTypeOf<ChatMessage>().toExtend<ChatCompletionMessageParam>();
    expectTypeOf<ChatCompletionMessageParam>().toExtend<ChatMessage>();
    expectTypeOf<ContentPart>().toExtend<ChatCompletionContentPart>();
    expectTypeOf<ChatCompletionContentPart>().toExtend<ContentPart>();
    expectTypeOf<NamedToolChoice>().toExtend<ChatCompletionNamedToolChoice>();
    expectTypeOf<ChatCompletionNamedToolChoice>().toExtend<NamedToolChoice>();
  });

  it("agree about what is sent", () => {
    expectTypeOf<Omit<RequestFields, "service_tier">>().toExtend<Omit<ResponseCreateParams, "service_tier">>();
    expectTypeOf<NonNullable<ResponseCreateParams["service_tier"]>>().toExtend<RequestFields["service_tier"]>();
    expectTypeOf<Reasoning>().toExtend<NonNullable<ResponseCreateParams["reasoning"]>>();
    expectTypeOf<NonNullable<ResponseCreateParams["reasoning"]>>().toExtend<Reasoning>();
    expectTypeOf<FunctionCallItem>().toExtend<OfficialInputItem>();
    expectTypeOf<Exclude<InputPart, InputAudio>>().toExtend<ResponseInputContent>();
    expectTypeOf<ResponseInputContent>().toExtend<InputPart>();
  });

  it("agree about what is read: every item that the API lists is known", () => {
    expectTypeOf<OfficialOutputItem>().toExtend<ResponseOutputItem>();
    expectTypeOf<ResponseFunctionToolCall>().toExtend<FunctionCallItem>();
  });
});
