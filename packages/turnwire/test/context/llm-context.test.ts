import * as fc from "fast-check";
import {
  defineTool,
  type FunctionTool,
  InvalidArgumentError,
  LLMContext,
  type LLMMessage,
  type SerializedLLMContext,
  type ToolChoice,
} from "turnwire";
import { gist } from "@turnwire/test-kit";
import { describe, expect, it } from "vitest";

function thrownBy(action: () => unknown): InvalidArgumentError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error("nothing was thrown");
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

function throughJson(context: LLMContext, tools?: readonly FunctionTool[]): LLMContext {
  return LLMContext.fromJSON(JSON.parse(JSON.stringify(context)) as SerializedLLMContext, tools);
}

const tool = (name: string): FunctionTool => defineTool({ name, parameters: { type: "object", properties: {} } });

describe("messages", () => {
  it("are deeply frozen copies; the caller's own stay usable", () => {
    const part = { type: "text" as const, text: "Hi" };
    const call = { id: "c1", type: "function" as const, function: { name: "look", arguments: "{}" } };
    const specific = { llm: "openai", message: { type: "reasoning", summary: [{ text: "hm" }] } };
    const given: LLMMessage[] = [
      { role: "user", content: [part] },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "seen" },
      specific,
    ];
    const context = new LLMContext({ messages: given });
    const before = structuredClone(given);
    expect(context.messages).toEqual(before);
    expect(isDeeplyFrozen(context.messages[0])).toBe(true);
    expect(context.messages.every(isDeeplyFrozen)).toBe(true);
    part.text = "changed";
    call.function.name = "changed";
    specific.message.summary.push({ text: "changed" });
    given.length = 0;
    expect(context.messages).toEqual(before);
    expect(() => Object.assign(context.messages[0]!, { content: "edited" })).toThrow(TypeError);
  });

  it("that are frozen already are taken as they are, into any context", () => {
    const one = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
    const two = new LLMContext({ messages: one.messages });
    two.addMessage(one.messages[0]!);
    expect(two.messages[0]).toBe(one.messages[0]);
    expect(two.messages[1]).toBe(one.messages[0]);
    const frozenByCaller: LLMMessage = Object.freeze({ role: "user" as const, content: [] });
    two.addMessage(frozenByCaller);
    expect(isDeeplyFrozen(two.messages[2])).toBe(true);
    expect(Object.isFrozen(frozenByCaller.content)).toBe(false);
  });

  it("are a frozen snapshot: neither the array nor what it holds can change the history", () => {
    const context = new LLMContext({ messages: [{ role: "system", content: "Be brief." }] });
    const { messages } = context;
    expect(context.messages).toBe(messages);
    expect(() => (messages as LLMMessage[]).push({ role: "user", content: "a" })).toThrow(TypeError);
    expect(() => (messages as LLMMessage[]).splice(0, 1)).toThrow(TypeError);
    context.addUserMessage("a");
    context.addMessages([{ role: "assistant", content: "b" }]);
    expect(messages).toHaveLength(1);
    expect(gist(context)).toEqual(["system: Be brief.", "user: a", "assistant: b"]);
    context.addMessages([]);
    context.setMessages(context.messages.slice(0, 1));
    expect(gist(context)).toEqual(["system: Be brief."]);
    expect(context.toJSON().messages).toEqual([{ role: "system", content: "Be brief." }]);
  });

  it("of the user may be text or parts", () => {
    const context = new LLMContext();
    const parts = [{ type: "image_url" as const, image_url: { url: "https://x.test/a.png" } }];
    context.addUserMessage("Hi");
    context.addUserMessage(parts);
    expect(context.messages).toEqual([
      { role: "user", content: "Hi" },
      { role: "user", content: parts },
    ]);
    expect(thrownBy(() => context.addUserMessage(5 as never)).field).toBe("messages[2].content");
  });

  it("are added all or none", () => {
    const context = new LLMContext();
    const messages = [{ role: "user", content: "fine" }, { role: "user" }] as unknown as LLMMessage[];
    expect(() => context.addMessages(messages)).toThrow(InvalidArgumentError);
    expect(context.messages).toEqual([]);
    context.addMessage(messages[0]!);
    expect(() => context.setMessages(messages)).toThrow(InvalidArgumentError);
    expect(context.messages).toHaveLength(1);
  });

  const assistantCalling = (call: unknown): unknown => ({ role: "assistant", content: "x", tool_calls: [call] });
  it.each<[string, unknown, string, RegExp]>([
    ["undefined", undefined, "", /a message object, got undefined/],
    ["null", null, "", /got null/],
    ["text", "Hi", "", /got a string/],
    ["an array", [], "", /got an array of 0/],
    ["no role", { content: "x" }, ".role", /got undefined/],
    [
      "a role that is none",
      { role: "robot", content: "x" },
      ".role",
      /"system", "developer", "user", "assistant" or "tool", got a string/,
    ],
    ["a role that is no text", { role: 3, content: "x" }, ".role", /got the number 3/],
    ["no content", { role: "user" }, ".content", /got undefined/],
    ["null as a user's content", { role: "user", content: null }, ".content", /got null/],
    ["an object as content", { role: "user", content: { text: "x" } }, ".content", /got an object/],
    ["a number as content", { role: "assistant", content: 4 }, ".content", /got the number 4/],
    [
      "a part that is no object",
      { role: "user", content: ["x"] },
      ".content[0]",
      /such as \{ type: "text", text \}, got a string/,
    ],
    [
      "a part without a type",
      { role: "user", content: [{ type: "text", text: "" }, {}] },
      ".content[1].type",
      /expected "text", "image_url", "input_audio" or "file", got undefined/,
    ],
    ["a text part without text", { role: "user", content: [{ type: "text" }] }, ".content[0].text", /got undefined/],
    [
      "audio without data",
      { role: "user", content: [{ type: "input_audio", input_audio: { format: "wav" } }] },
      ".content[0].input_audio",
      /an object \{ data, format \}, got an object/,
    ],
    [
      "a file without data and id",
      { role: "user", content: [{ type: "file", file: { filename: "a.pdf" } }] },
      ".content[0].file",
      /an object with file_data or file_id, got an object/,
    ],
    ["a function in it", { role: "user", content: "x", later: () => "x" }, "", /cannot be copied/],
    ["a tool message without a call id", { role: "tool", content: "x" }, ".tool_call_id", /got undefined/],
    ["calls that are no array", { role: "assistant", tool_calls: {} }, ".tool_calls", /got an object/],
    ["a call that is null", assistantCalling(null), ".tool_calls[0]", /got null/],
    ["a call without an id", assistantCalling({ type: "function" }), ".tool_calls[0].id", /got undefined/],
    [
      "a call without a function",
      assistantCalling({ id: "c", type: "function" }),
      ".tool_calls[0].function",
      /got undefined/,
    ],
    [
      "a call whose arguments are no text",
      assistantCalling({ id: "c", type: "function", function: { name: "f", arguments: {} } }),
      ".tool_calls[0].function.arguments",
      /got an object/,
    ],
    ["a provider that is no text", { llm: 1, message: {} }, "", /\{ llm: string, message \}/],
    ["a provider's message that is missing", { llm: "openai" }, "", /\{ llm: string, message \}/],
    ["a provider's message that is undefined", { llm: "openai", message: undefined }, "", /\{ llm: string, message \}/],
  ])("that cannot be used are refused, the field named: %s", (_name, message, field, says) => {
    const bad = message as LLMMessage;
    const good: LLMMessage = { role: "user", content: "x" };
    const error = thrownBy(() => new LLMContext({ messages: [good, bad] }));
    expect(error.code).toBe("invalid_argument");
    expect(error.field).toBe(`messages[1]${field}`);
    expect(error.message).toMatch(says);
    const context = new LLMContext({ messages: [good, good] });
    expect(thrownBy(() => context.addMessage(bad)).field).toBe(`messages[2]${field}`);
    expect(thrownBy(() => context.setMessages([bad])).field).toBe(`messages[0]${field}`);
  });

  it("may be an assistant's without content, and of calls of other kinds", () => {
    const messages: LLMMessage[] = [
      { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "" } }] },
      { role: "assistant", content: null },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "d", type: "custom", custom: { name: "g", input: "x" } }],
      },
    ];
    expect(new LLMContext({ messages }).messages).toEqual(messages);
  });

  it("say nothing of what they hold in errors", () => {
    const secret = "sk-proj-abcdefgh12345678";
    const error = thrownBy(() => new LLMContext({ messages: [{ role: secret, content: secret } as never] }));
    expect(error.message).not.toContain(secret);
  });
});

describe("tools", () => {
  it("have names of their own, and are made by defineTool", () => {
    expect(thrownBy(() => new LLMContext({ tools: [tool("a"), tool("a")] })).field).toBe("tools[1].name");
    const handMade = { name: "b", parameters: {} } as unknown as FunctionTool;
    const error = thrownBy(() => new LLMContext({ tools: [tool("a"), handMade] }));
    expect(error.field).toBe("tools[1]");
    expect(error.message).toContain("defineTool");
    expect(thrownBy(() => new LLMContext({ tools: [undefined as unknown as FunctionTool] })).field).toBe("tools[0]");
  });

  it("are replaced as a whole, or not at all", () => {
    const context = new LLMContext({ tools: [tool("a")] });
    const given = [tool("b"), tool("c")];
    context.setTools(given);
    given.pop();
    expect(context.tools.map(({ name }) => name)).toEqual(["b", "c"]);
    expect(Object.isFrozen(context.tools)).toBe(true);
    expect(() => context.setTools([tool("d"), tool("d")])).toThrow(InvalidArgumentError);
    expect(context.tools.map(({ name }) => name)).toEqual(["b", "c"]);
  });

  it("are chosen from by toolChoice, until it is taken back", () => {
    const context = new LLMContext({ toolChoice: "required" });
    expect(context.toolChoice).toBe("required");
    context.setToolChoice({ type: "function", function: { name: "a" } });
    expect(context.toJSON()).toEqual({ messages: [], toolChoice: { type: "function", function: { name: "a" } } });
    context.setToolChoice(undefined);
    expect(context.toJSON()).toEqual({ messages: [] });
  });
});

describe("JSON", () => {
  it("leaves out what functions do; fromJSON takes it beside", async () => {
    const look = defineTool({
      name: "look",
      description: "Looks.",
      parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
      strict: true,
      timeoutMs: 5,
      execute: () => "seen",
    });
    const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }], tools: [look, tool("other")] });
    const bare = throughJson(context);
    expect(bare.toJSON()).toEqual(context.toJSON());
    expect(bare.tools[0]).toMatchObject({ name: "look", description: "Looks.", strict: true });
    expect(bare.tools[0]!.execute).toBeUndefined();
    // The description alone still checks arguments.
    expect(await bare.tools[0]!.check({ at: 1 })).toHaveProperty("problem");
    const whole = throughJson(context, [look, tool("unknown")]);
    expect(whole.tools.map(({ name }) => name)).toEqual(["look", "other"]);
    expect(whole.tools[0]).toBe(look);
    expect(whole.toJSON()).toEqual(context.toJSON());
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["text", '{"messages":[]}'],
    ["no messages", {}],
    ["messages that are no array", { messages: "none" }],
  ])("that is no context is refused: %s", (_name, json) => {
    expect(thrownBy(() => LLMContext.fromJSON(json as SerializedLLMContext)).field).toBe("json");
  });

  it("with a bad message or tool in it is refused, the field named", () => {
    const json = { messages: [{ role: "user" }] } as unknown as SerializedLLMContext;
    expect(thrownBy(() => LLMContext.fromJSON(json)).field).toBe("messages[0].content");
    const tools = [{ name: "not a name", parameters: {}, strict: false }];
    expect(thrownBy(() => LLMContext.fromJSON({ messages: [], tools })).field).toBe("name");
  });
});

const word = fc.string({ unit: "grapheme", maxLength: 20 });
const id = fc.string({ minLength: 1, maxLength: 12 });
const parts = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("text" as const), text: word }),
    fc.record({ type: fc.constant("image_url" as const), image_url: fc.record({ url: fc.webUrl() }) }),
  ),
  { maxLength: 3 },
);
const calls = fc.array(
  fc.record({
    id,
    type: fc.constant("function" as const),
    function: fc.record({ name: fc.constantFrom("look", "go"), arguments: fc.json() }),
  }),
  { minLength: 1, maxLength: 3 },
);
// Negative zero is no number of JSON's.
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const message: fc.Arbitrary<LLMMessage> = fc.oneof(
  fc.record({ role: fc.constantFrom("system" as const, "developer" as const), content: word }),
  fc.record({ role: fc.constant("user" as const), content: fc.oneof(word, parts) }),
  fc.record(
    { role: fc.constant("assistant" as const), content: fc.option(word), tool_calls: calls },
    { requiredKeys: ["role"] },
  ),
  fc.record({ role: fc.constant("tool" as const), tool_call_id: id, content: word }),
  fc.record({ llm: fc.constant("other"), message: json }),
  fc.record({ llm: fc.constant("openai"), message: fc.record({ type: word, data: json }) }),
);
const toolName = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const tools = fc.uniqueArray(
  fc.record(
    { name: toolName, description: word, strict: fc.boolean(), type: fc.constantFrom("string", "number") },
    { requiredKeys: ["name", "type"] },
  ),
  { maxLength: 4, selector: ({ name }) => name },
);
const toolChoice: fc.Arbitrary<ToolChoice | undefined> = fc.oneof(
  fc.constantFrom(undefined, "auto" as const, "none" as const, "required" as const),
  toolName.map((name) => ({ type: "function" as const, function: { name } })),
);

it("comes back from JSON as it was, with its functions attached again: for any context", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), tools, toolChoice, (messages, described, choice) => {
      const implemented = described.map(({ type, ...rest }) =>
        defineTool({
          ...rest,
          parameters: { type: "object", properties: { x: { type } } },
          cancelOnInterruption: false,
          execute: () => rest.name,
        }),
      );
      const options = choice === undefined ? {} : { toolChoice: choice };
      const context = new LLMContext({ messages, tools: implemented, ...options });
      expect(context.messages).toEqual(messages);
      expect(context.messages.every(isDeeplyFrozen)).toBe(true);
      const bare = throughJson(context);
      expect(bare.messages).toEqual(context.messages);
      expect(bare.toolChoice).toEqual(context.toolChoice);
      expect(bare.toJSON()).toEqual(context.toJSON());
      const whole = throughJson(context, implemented);
      expect(whole.tools).toEqual(implemented);
      expect(whole.tools.every((one, index) => one === implemented[index])).toBe(true);
      expect(JSON.stringify(whole)).toBe(JSON.stringify(context));
    }),
    { numRuns: 300 },
  );
});
