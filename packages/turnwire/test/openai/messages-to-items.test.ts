import { describe, expect, it } from "vitest";
import { LLMContext, type LLMMessage } from "../../src/context/index.ts";
import { InvalidArgumentError } from "../../src/errors.ts";
import { ContextAdapter } from "../../src/openai/request/messages-to-items.ts";
import { assistantText, toInputContent } from "../../src/openai/request/content.ts";
import { RecordingLogger } from "@turnwire/test-kit";

const noOutput = '{"status":"unknown","reason":"The function gave no output."}';
const leftOut = "a function output without its call was left out of the conversation";

/** A row's messages may have shapes that the types forbid: what comes from JSON has. */
interface Case {
  name: string;
  messages: readonly unknown[];
  /** The items as they are sent. */
  items: readonly object[];
  warnings?: readonly string[];
}

function converted(messages: readonly unknown[]): Pick<Case, "items" | "warnings"> {
  const logger = new RecordingLogger();
  const conversation = new ContextAdapter(logger).toConversation({ messages: messages as LLMMessage[] });
  return { items: conversation.wireFrom(0), warnings: logger.warnings.map(({ message }) => message) };
}

const user = { role: "user", content: "Hi" };
const userItem = { type: "message", role: "user", content: "Hi" };

const call = (id: string, name = "time", args = "{}"): object => ({
  id,
  type: "function",
  function: { name, arguments: args },
});
const calls = (...ids: string[]): object => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => call(id)),
});
const tool = (id: string, content: unknown = "Noon"): object => ({ role: "tool", tool_call_id: id, content });
const callItem = (id: string): object => ({ type: "function_call", call_id: id, name: "time", arguments: "{}" });
const outputItem = (id: string, output: unknown = "Noon"): object => ({
  type: "function_call_output",
  call_id: id,
  output,
});
const assistant = (content: string): object => ({ role: "assistant", content });
const assistantItem = (content: string): object => ({ type: "message", role: "assistant", content });
const thought = (id: string): object => ({
  llm: "openai",
  message: {
    type: "reasoning",
    id,
    summary: [{ type: "summary_text", text: `About ${id}` }],
    encrypted_content: `secret ${id}`,
    status: "completed",
  },
});
const thoughtItem = (id: string): object => ({
  type: "reasoning",
  summary: [{ type: "summary_text", text: `About ${id}` }],
  encrypted_content: `secret ${id}`,
});
const unsendableThought = { llm: "openai", message: { type: "reasoning", id: "rs_1", summary: [] } };

const roles: Case[] = [
  { name: "nothing", messages: [], items: [] },
  { name: "a user's message", messages: [user], items: [userItem] },
  {
    name: "a system message",
    messages: [{ role: "system", content: "Be brief." }],
    items: [{ type: "message", role: "system", content: "Be brief." }],
  },
  {
    name: "a developer message",
    messages: [{ role: "developer", content: "Be brief." }],
    items: [{ type: "message", role: "developer", content: "Be brief." }],
  },
  {
    name: "a user's message without its name, which the API does not take",
    messages: [{ role: "user", name: "Ada", content: "Hi" }],
    items: [userItem],
  },
  { name: "an empty user's message", messages: [{ role: "user", content: "" }], items: [{ ...userItem, content: "" }] },
  { name: "an assistant's text", messages: [assistant("Hello.")], items: [assistantItem("Hello.")] },
  {
    name: "an assistant's parts, as one text",
    messages: [
      {
        role: "assistant",
        content: [
          { type: "text", text: "Hel" },
          { type: "text", text: "lo." },
        ],
      },
    ],
    items: [assistantItem("Hello.")],
  },
  {
    name: "an assistant's refusal part",
    messages: [{ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }],
    items: [assistantItem("No.")],
  },
  {
    name: "an assistant's refusal",
    messages: [{ role: "assistant", content: null, refusal: "No." }],
    items: [assistantItem("No.")],
  },
  {
    name: "an assistant's text before its refusal",
    messages: [{ role: "assistant", content: "Well.", refusal: "No." }],
    items: [assistantItem("Well.")],
  },
  { name: "an assistant's empty text: nothing", messages: [user, assistant("")], items: [userItem] },
  {
    name: "an assistant's message without content: nothing",
    messages: [user, { role: "assistant" }],
    items: [userItem],
  },
  {
    name: "an assistant's message without audio that says so",
    messages: [{ role: "assistant", content: "Hello.", audio: null }],
    items: [assistantItem("Hello.")],
  },
  {
    name: "an assistant's message without an old-style call that says so",
    messages: [{ role: "assistant", content: "Hello.", function_call: null }],
    items: [assistantItem("Hello.")],
  },
  {
    name: "an assistant's text, then its calls",
    messages: [
      { role: "assistant", content: "One moment.", tool_calls: [call("c1", "weather", '{"city":"Kyiv"}')] },
      tool("c1"),
    ],
    items: [
      assistantItem("One moment."),
      { type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":"Kyiv"}' },
      outputItem("c1"),
    ],
  },
  {
    name: "broken arguments, as they are",
    messages: [{ role: "assistant", content: null, tool_calls: [call("c1", "weather", '{"city":')] }, tool("c1")],
    items: [{ type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":' }, outputItem("c1")],
  },
  {
    name: "an output of parts",
    messages: [calls("c1"), tool("c1", [{ type: "text", text: "Noon" }])],
    items: [callItem("c1"), outputItem("c1", [{ type: "input_text", text: "Noon" }])],
  },
  {
    name: "a thought without its id and status",
    messages: [thought("rs_1"), assistant("Hello.")],
    items: [thoughtItem("rs_1"), assistantItem("Hello.")],
  },
  {
    name: "a thought without a summary: an empty one",
    messages: [
      { llm: "openai", message: { type: "reasoning", id: "rs_1", encrypted_content: "secret" } },
      assistant("Hello."),
    ],
    items: [{ type: "reasoning", summary: [], encrypted_content: "secret" }, assistantItem("Hello.")],
  },
  {
    name: "another item in the provider's form, as it is",
    messages: [{ llm: "openai", message: { type: "item_reference", id: "msg_1" } }],
    items: [{ type: "item_reference", id: "msg_1" }],
  },
  {
    name: "a message in another provider's form: nothing",
    messages: [{ llm: "anthropic", message: { type: "thinking", thinking: "Hm." } }, user],
    items: [userItem],
  },
];

const parts: Array<{ name: string; part: object; sent: object }> = [
  { name: "text", part: { type: "text", text: "Hi" }, sent: { type: "input_text", text: "Hi" } },
  {
    name: "an image",
    part: { type: "image_url", image_url: { url: "https://a/b.png" } },
    sent: { type: "input_image", image_url: "https://a/b.png", detail: "auto" },
  },
  {
    name: "an image with detail",
    part: { type: "image_url", image_url: { url: "https://a/b.png", detail: "low" } },
    sent: { type: "input_image", image_url: "https://a/b.png", detail: "low" },
  },
  {
    name: "audio",
    part: { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    sent: { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
  },
  {
    name: "a file by its id",
    part: { type: "file", file: { file_id: "file_1" } },
    sent: { type: "input_file", file_id: "file_1" },
  },
  {
    name: "a file by its data",
    part: { type: "file", file: { file_data: "AAAA", filename: "a.pdf" } },
    sent: { type: "input_file", file_data: "AAAA", filename: "a.pdf" },
  },
  {
    name: "input_text, as it is",
    part: { type: "input_text", text: "Hi" },
    sent: { type: "input_text", text: "Hi" },
  },
  {
    name: "input_image, as it is",
    part: { type: "input_image", file_id: "file_1", detail: "high" },
    sent: { type: "input_image", file_id: "file_1", detail: "high" },
  },
  {
    name: "input_file, as it is",
    part: { type: "input_file", file_url: "https://a/b.pdf" },
    sent: { type: "input_file", file_url: "https://a/b.pdf" },
  },
];

const mended: Case[] = [
  {
    name: "a call is paired with its output",
    messages: [user, calls("c1"), tool("c1"), assistant("Noon.")],
    items: [userItem, callItem("c1"), outputItem("c1"), assistantItem("Noon.")],
  },
  {
    name: "parallel calls follow each other, their outputs in the context's order",
    messages: [calls("c1", "c2"), tool("c2", "Two"), tool("c1", "One")],
    items: [callItem("c1"), callItem("c2"), outputItem("c2", "Two"), outputItem("c1", "One")],
  },
  {
    name: "calls of two messages may be open together",
    messages: [calls("c1"), calls("c2"), tool("c1", "One"), tool("c2", "Two")],
    items: [callItem("c1"), callItem("c2"), outputItem("c1", "One"), outputItem("c2", "Two")],
  },
  {
    name: "a call at the end gets an output",
    messages: [user, calls("c1")],
    items: [userItem, callItem("c1"), outputItem("c1", noOutput)],
  },
  {
    name: "a call gets an output before the next message",
    messages: [calls("c1"), user],
    items: [callItem("c1"), outputItem("c1", noOutput), userItem],
  },
  {
    name: "a call gets an output before what the assistant says next",
    messages: [calls("c1"), assistant("Well.")],
    items: [callItem("c1"), outputItem("c1", noOutput), assistantItem("Well.")],
  },
  {
    name: "only the call of two that has none gets an output",
    messages: [calls("c1", "c2"), tool("c1"), user],
    items: [callItem("c1"), callItem("c2"), outputItem("c1"), outputItem("c2", noOutput), userItem],
  },
  {
    name: "an output that comes too late is left out",
    messages: [calls("c1"), user, tool("c1")],
    items: [callItem("c1"), outputItem("c1", noOutput), userItem],
    warnings: [leftOut],
  },
  {
    name: "an output without its call is left out",
    messages: [tool("c1"), user],
    items: [userItem],
    warnings: [leftOut],
  },
  {
    name: "an output with another call's id is left out",
    messages: [calls("c1"), tool("c2"), user],
    items: [callItem("c1"), outputItem("c1", noOutput), userItem],
    warnings: [leftOut],
  },
  {
    name: "a second output of a call is left out",
    messages: [calls("c1"), tool("c1"), tool("c1", "Midnight"), user],
    items: [callItem("c1"), outputItem("c1"), userItem],
    warnings: [leftOut],
  },
  {
    name: "thoughts stay with the call after them",
    messages: [thought("rs_1"), thought("rs_2"), calls("c1"), tool("c1")],
    items: [thoughtItem("rs_1"), thoughtItem("rs_2"), callItem("c1"), outputItem("c1")],
  },
  {
    name: "a thought between parallel calls stays there",
    messages: [calls("c1"), thought("rs_1"), calls("c2"), tool("c1"), tool("c2")],
    items: [callItem("c1"), thoughtItem("rs_1"), callItem("c2"), outputItem("c1"), outputItem("c2")],
  },
  {
    name: "a call's output is filled in before the thought that follows it",
    messages: [calls("c1"), thought("rs_1"), assistant("Well.")],
    items: [callItem("c1"), outputItem("c1", noOutput), thoughtItem("rs_1"), assistantItem("Well.")],
  },
  { name: "a thought at the end is left out", messages: [user, thought("rs_1")], items: [userItem] },
  {
    name: "a thought before a user's message is left out",
    messages: [thought("rs_1"), user, assistant("Hello.")],
    items: [userItem, assistantItem("Hello.")],
  },
  {
    name: "a thought before an assistant's empty message stays with the assistant's words after it",
    messages: [thought("rs_1"), assistant(""), assistant("Hello.")],
    items: [thoughtItem("rs_1"), assistantItem("Hello.")],
  },
  {
    name: "a thought that cannot be sent again is left out, what belongs to it is not",
    messages: [unsendableThought, assistant("Hello.")],
    items: [assistantItem("Hello.")],
  },
];

describe.each([
  ["what a message becomes", roles],
  ["what is mended", mended],
])("messages to items: %s", (_, cases) => {
  it.each(cases)("$name", ({ messages, items, warnings = [] }) => {
    expect(converted(messages)).toEqual({ items, warnings });
  });
});

describe("messages to items: content parts", () => {
  it.each(parts)("$name", ({ part, sent }) => {
    expect(toInputContent([part], "content")).toEqual([sent]);
    expect(converted([{ role: "user", content: [part] }]).items).toEqual([
      { type: "message", role: "user", content: [sent] },
    ]);
  });

  it("keep their order", () => {
    const content = [
      { type: "image_url", image_url: { url: "https://a/1.png" } },
      { type: "text", text: "and" },
      { type: "image_url", image_url: { url: "https://a/2.png" } },
    ];
    expect(toInputContent(content, "content")).toEqual([
      { type: "input_image", image_url: "https://a/1.png", detail: "auto" },
      { type: "input_text", text: "and" },
      { type: "input_image", image_url: "https://a/2.png", detail: "auto" },
    ]);
  });

  it.each([
    { content: "Hi", refusal: undefined, text: "Hi" },
    { content: "", refusal: "No.", text: "" },
    { content: null, refusal: "No.", text: "No." },
    { content: undefined, refusal: undefined, text: "" },
    { content: null, refusal: null, text: "" },
    { content: [], refusal: "No.", text: "" },
    {
      content: [
        { type: "text", text: "Well. " },
        { type: "refusal", refusal: "No." },
      ],
      refusal: null,
      text: "Well. No.",
    },
  ])("of an assistant are its text: $content, $refusal", ({ content, refusal, text }) => {
    expect(assistantText(content, refusal, "content")).toBe(text);
  });
});

describe("messages to items: what is refused, by its field", () => {
  const known = "expected one of text, image_url, input_audio, file, got";

  it.each([
    {
      name: "a message of the role function",
      messages: [user, { role: "function", name: "time", content: "Noon" }],
      message: "messages[1].role: messages of the role function cannot be sent; use tool",
    },
    {
      name: "an assistant's audio",
      messages: [{ role: "assistant", content: null, audio: { id: "audio_1" } }],
      message: "messages[0].audio: the Responses API takes no audio of the assistant; give its text",
    },
    {
      name: "a call of another type",
      messages: [
        user,
        {
          role: "assistant",
          content: null,
          tool_calls: [call("c1"), { id: "c2", type: "custom", custom: { name: "time", input: "" } }],
        },
      ],
      message: "messages[1].tool_calls[1].type: expected function, got a string",
    },
    {
      name: "an assistant's part of another type",
      messages: [{ role: "assistant", content: [{ type: "text", text: "Hi" }, { type: "image_url" }] }],
      message: "messages[0].content[1]: an assistant's parts are of type text or refusal",
    },
    {
      name: "an assistant's refusal part without its text",
      messages: [{ role: "assistant", content: [{ type: "refusal", text: "Hi" }] }],
      message: "messages[0].content[0]: an assistant's parts are of type text or refusal",
    },
    {
      name: "an assistant's content of another kind",
      messages: [{ role: "assistant", content: 42 }],
      message: "messages[0].content: expected a string or an array of parts, got the number 42",
    },
    {
      name: "a user's content of another kind",
      messages: [user, { role: "user", content: null }],
      message: "messages[1].content: expected a string or an array of parts, got null",
    },
    {
      name: "a function's output of another kind",
      messages: [calls("c1"), tool("c1", { time: "noon" })],
      message: "messages[1].content: expected a string or an array of parts, got an object",
    },
    {
      name: "a part of another type",
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }, { type: "video_url" }] }],
      message: `messages[0].content[1].type: ${known} a string`,
    },
    {
      name: "a part of a type that every object has",
      messages: [{ role: "user", content: [{ type: "toString" }] }],
      message: `messages[0].content[0].type: ${known} a string`,
    },
    {
      name: "a part without a type",
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
      message: `messages[0].content[0].type: ${known} undefined`,
    },
    {
      name: "a part that is a string",
      messages: [{ role: "user", content: ["Hi"] }],
      message: `messages[0].content[0].type: ${known} undefined`,
    },
    {
      name: "a part that is null",
      messages: [{ role: "user", content: [null] }],
      message: `messages[0].content[0].type: ${known} undefined`,
    },
    {
      name: "an image part without its image",
      messages: [{ role: "user", content: [{ type: "image_url" }] }],
      message: "messages[0].content[0]: a part of type image_url lacks its content",
    },
    {
      name: "a file part without its file",
      messages: [{ role: "user", content: [{ type: "file" }] }],
      message: "messages[0].content[0]: a part of type file lacks its content",
    },
    ...[
      { type: "text" },
      { type: "text", text: null },
      { type: "input_text" },
      { type: "image_url", image_url: {} },
      { type: "input_audio" },
      { type: "input_audio", input_audio: {} },
      { type: "input_audio", input_audio: { data: "AAAA" } },
      { type: "input_audio", input_audio: { format: "wav" } },
      { type: "file", file: {} },
      { type: "file", file: { filename: "a.pdf" } },
    ].map((part) => ({
      name: `a part that lacks its content: ${JSON.stringify(part)}`,
      messages: [user, { role: "user", content: [{ type: "text", text: "Hi" }, part] }],
      message: `messages[1].content[1]: a part of type ${part.type} lacks its content`,
    })),
    {
      name: "a function's output that lacks its text",
      messages: [calls("c1"), tool("c1", [{ type: "text" }])],
      message: "messages[1].content[0]: a part of type text lacks its content",
    },
    {
      name: "an assistant's part that is null",
      messages: [{ role: "assistant", content: [null] }],
      message: "messages[0].content[0]: an assistant's parts are of type text or refusal",
    },
    {
      name: "an assistant's old-style call",
      messages: [user, { role: "assistant", content: null, function_call: { name: "time", arguments: "{}" } }],
      message: "messages[1].function_call: a call goes into tool_calls, its output into a message of the role tool",
    },
    {
      name: "an item without a type",
      messages: [{ llm: "openai", message: { id: "rs_1" } }],
      message: "messages[0].message: expected an input item of the Responses API, with its type",
    },
    {
      name: "an item that is a string",
      messages: [{ llm: "openai", message: "thought" }],
      message: "messages[0].message: expected an input item of the Responses API, with its type",
    },
    {
      name: "an item that is a list",
      messages: [{ llm: "openai", message: [{ type: "reasoning" }] }],
      message: "messages[0].message: expected an input item of the Responses API, with its type",
    },
  ])("$name", ({ messages, message }) => {
    const convert = (): unknown => converted(messages);
    expect(convert).toThrow(InvalidArgumentError);
    expect(convert).toThrow(expect.objectContaining({ message, field: message.split(": ")[0] }));
  });
});

describe("messages to items: what an item is", () => {
  it.each<{ name: string; messages: readonly unknown[]; keys: readonly object[] }>([
    { name: "a user's message is compared as it is sent", messages: [user], keys: [{ kind: "other" }] },
    {
      name: "an assistant's text is compared as text",
      messages: [assistant("Hello.")],
      keys: [{ kind: "text", text: "Hello." }],
    },
    {
      name: "a call is compared by id, name and arguments; its output by id",
      messages: [calls("c1"), tool("c1")],
      keys: [
        { kind: "call", callId: "c1", name: "time", arguments: "{}" },
        { kind: "output", callId: "c1" },
      ],
    },
    {
      name: "a thought is compared by the id that is not sent",
      messages: [thought("rs_1"), assistant("Hello.")],
      keys: [
        { kind: "reasoning", id: "rs_1" },
        { kind: "text", text: "Hello." },
      ],
    },
    {
      name: "a thought that cannot be sent still has its place",
      messages: [unsendableThought, assistant("Hello.")],
      keys: [
        { kind: "reasoning", id: "rs_1" },
        { kind: "text", text: "Hello." },
      ],
    },
  ])("$name", ({ messages, keys }) => {
    const adapter = new ContextAdapter(new RecordingLogger());
    const conversation = adapter.toConversation({ messages: messages as LLMMessage[] });
    expect(conversation.length).toBe(keys.length);
    expect(keys.map((_, index) => conversation.at(index)?.key)).toEqual(keys);
  });
});

describe("messages to items: a context that grows", () => {
  /** Each step adds messages to one context; the items are all of the conversation's after it. */
  it.each<{ name: string; steps: ReadonlyArray<{ adds: readonly unknown[]; items: readonly object[] }> }>([
    {
      name: "has the items of added messages after those before",
      steps: [
        { adds: [user], items: [userItem] },
        { adds: [assistant("Hello.")], items: [userItem, assistantItem("Hello.")] },
        { adds: [], items: [userItem, assistantItem("Hello.")] },
        {
          adds: [user, assistant("Yes?")],
          items: [userItem, assistantItem("Hello."), userItem, assistantItem("Yes?")],
        },
      ],
    },
    {
      name: "has a call's real output once it is there, not the one filled in before",
      steps: [
        { adds: [user, calls("c1")], items: [userItem, callItem("c1"), outputItem("c1", noOutput)] },
        { adds: [tool("c1")], items: [userItem, callItem("c1"), outputItem("c1")] },
        { adds: [assistant("Noon.")], items: [userItem, callItem("c1"), outputItem("c1"), assistantItem("Noon.")] },
      ],
    },
    {
      name: "keeps the output filled in once another message follows the call",
      steps: [
        { adds: [calls("c1")], items: [callItem("c1"), outputItem("c1", noOutput)] },
        { adds: [user], items: [callItem("c1"), outputItem("c1", noOutput), userItem] },
        { adds: [tool("c1")], items: [callItem("c1"), outputItem("c1", noOutput), userItem] },
      ],
    },
    {
      name: "has a thought once what belongs to it is there",
      steps: [
        { adds: [user, thought("rs_1")], items: [userItem] },
        { adds: [assistant("Hello.")], items: [userItem, thoughtItem("rs_1"), assistantItem("Hello.")] },
      ],
    },
    {
      name: "has no thought that the user's message follows",
      steps: [
        { adds: [thought("rs_1")], items: [] },
        { adds: [user], items: [userItem] },
        { adds: [assistant("Hello.")], items: [userItem, assistantItem("Hello.")] },
      ],
    },
  ])("$name", ({ steps }) => {
    const adapter = new ContextAdapter(new RecordingLogger());
    const context = new LLMContext();
    const seen = steps.map(({ adds }) => {
      context.addMessages(adds as LLMMessage[]);
      return adapter.toConversation(context).wireFrom(0);
    });
    expect(seen).toEqual(steps.map(({ items }) => items));
  });

  it("is converted once: what was converted is the same item the next time", () => {
    const adapter = new ContextAdapter(new RecordingLogger());
    const context = new LLMContext({ messages: [user as LLMMessage, assistant("Hello.") as LLMMessage] });
    const before = adapter.toConversation(context);
    context.addMessage(user as LLMMessage);
    const after = adapter.toConversation(context);
    expect([before.length, after.length]).toEqual([2, 3]);
    expect(after.at(0)).toBe(before.at(0));
    expect(after.at(1)).toBe(before.at(1));
  });

  it("warns once of an output that was left out", () => {
    const logger = new RecordingLogger();
    const adapter = new ContextAdapter(logger);
    const context = new LLMContext({ messages: [tool("c1") as LLMMessage, user as LLMMessage] });
    adapter.toConversation(context);
    context.addMessage(assistant("Hello.") as LLMMessage);
    adapter.toConversation(context);
    expect(logger.warnings.map(({ message }) => message)).toEqual([leftOut]);
  });

  it("says where the message that is refused stands in the whole of it", () => {
    const adapter = new ContextAdapter(new RecordingLogger());
    const context = new LLMContext({ messages: [user as LLMMessage, user as LLMMessage] });
    adapter.toConversation(context);
    context.addMessage({ role: "assistant", audio: { id: "a" } });
    expect(() => adapter.toConversation(context)).toThrow(expect.objectContaining({ field: "messages[2].audio" }));
  });

  it("starts anew when its history is replaced", () => {
    const adapter = new ContextAdapter(new RecordingLogger());
    const context = new LLMContext({ messages: [user as LLMMessage] });
    adapter.toConversation(context);
    context.setMessages([assistant("Hello.") as LLMMessage]);
    expect(adapter.toConversation(context).wireFrom(0)).toEqual([assistantItem("Hello.")]);
  });
});
