import {
  defineTool,
  type FunctionTool,
  InvalidArgumentError,
  LLMAssistantAggregator,
  LLMContext,
  LLMContextAggregatorPair,
  LLMContextFrame,
  type LLMMessage,
  LLMMessagesAppendFrame,
  LLMUserAggregator,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  Pipeline,
  PipelineTask,
  ResponsesConnectionPool,
  TranscriptionFrame,
} from "turnwire";
import { describe, expect, it } from "vitest";
import * as z from "zod";

/** A mistake of a caller: what is done, the field that the error names, and what its message says. */
type Mistake = [what: string, act: () => unknown, field: string, says: string];

/** The way past the types, as from JavaScript. */
const anything = (value: unknown): never => value as never;

const llm = new OpenAIResponsesLLMService({ apiKey: "none" });
const overHttp = new OpenAIResponsesHttpLLMService({ apiKey: "none" });
const service = (options: object): OpenAIResponsesLLMService =>
  new OpenAIResponsesLLMService(typeof options === "object" ? { apiKey: "none", ...options } : options);
const share = (...options: readonly object[]): unknown => {
  const pool = new ResponsesConnectionPool();
  return options.map((own) => service({ pool, ...own }));
};
const context = new LLMContext();
const tool = defineTool({ name: "look", parameters: {} });
const add = (message: unknown): void => new LLMContext().addMessage(anything(message));
const say = (part: unknown): void => new LLMContext().addUserMessage(anything([part]));
const define = (definition: object): FunctionTool =>
  defineTool(anything({ name: "look", parameters: {}, ...definition }));

const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  OpenAIResponsesLLMService: [
    [
      "a slip",
      () => service({ temprature: 1 }),
      "temprature",
      "unknown option of OpenAIResponsesLLMService; did you mean `temperature`?",
    ],
    ["an API's name", () => service({ max_output_tokens: 5 }), "max_output_tokens", "it is called `maxTokens`"],
    ["a name of old", () => service({ settings: { model: "m" } }), "settings", "the settings are options of their own"],
    [
      "a time limit beside its group",
      () => service({ connectMs: 5 }),
      "connectMs",
      "it belongs to the option `timeouts`",
    ],
    [
      "a slip in a group",
      () => service({ timeouts: { conectMs: 5 } }),
      "timeouts.conectMs",
      "did you mean `timeouts.connectMs`?",
    ],
    [
      "seconds below 0",
      () => service({ timeouts: { idleMs: -1 } }),
      "timeouts.idleMs",
      "expected milliseconds above 0, up to 2^31 - 1, got the number -1",
    ],
    [
      "no time for functions",
      () => service({ timeouts: { functionMs: 0 } }),
      "timeouts.functionMs",
      "expected milliseconds above 0, or Infinity for no limit",
    ],
    ["an empty key", () => service({ apiKey: "" }), "apiKey", "expected a non-empty string or a function"],
    [
      "a key with a line break",
      () => service({ apiKey: "a\nb" }),
      "apiKey",
      "expected characters that an HTTP header can carry, got others in a string",
    ],
    ["a key with an arrow", () => service({ apiKey: "→" }), "apiKey", "characters that an HTTP header can carry"],
    [
      "the address of the API's method",
      () => service({ baseURL: "https://a.test/v1/responses/" }),
      "baseURL",
      "expected the URL without `/responses`, which is added",
    ],
    [
      "a Map of headers",
      () => service({ defaultHeaders: new Map([["a", "b"]]) }),
      "defaultHeaders",
      "expected an object of strings, or Headers (of a Map: `Object.fromEntries(map)`), got an object of class Map",
    ],
    [
      "an unknown effort",
      () => service({ reasoning: { effort: "lots" } }),
      "reasoning.effort",
      '"xhigh" or "max" (others go into `extra: { reasoning }`), got a string',
    ],
    [
      "a slip in reasoning",
      () => llm.updateSettings(anything({ reasoning: { efort: "low" } })),
      "reasoning.efort",
      "did you mean `reasoning.effort`?",
    ],
    [
      "a field that turnwire sets",
      () => service({ extra: { previous_response_id: "r" } }),
      "extra.previous_response_id",
      "turnwire sets this field itself",
    ],
    [
      "a stream",
      () => llm.updateSettings(anything({ extra: { stream: false } })),
      "extra.stream",
      "sets this field itself",
    ],
    [
      "instructions as another library calls them",
      () => service({ system: "a" }),
      "system",
      "it is called `instructions`",
    ],
    [
      "effort beside reasoning",
      () => service({ reasoningEffort: "low" }),
      "reasoningEffort",
      "`reasoning: { effort }`",
    ],
    [
      "a name of a time limit of old",
      () => service({ connectTimeoutMs: 5 }),
      "connectTimeoutMs",
      "`timeouts.connectMs`",
    ],
    [
      "one in the group",
      () => service({ timeouts: { idleEventTimeoutMs: 5 } }),
      "timeouts.idleEventTimeoutMs",
      "it is called `timeouts.idleMs`",
    ],
    ["a clock beside its group", () => service({ clock: {} }), "clock", "it belongs to the option `environment`"],
    ["tools", () => service({ tools: [] }), "tools", "it belongs to the context: `new LLMContext({ tools })`"],
    [
      "a number out of its range",
      () => service({ temperature: 3 }),
      "temperature",
      "expected a number from 0 to 2, got the number 3",
    ],
    ["null", () => service({ model: null }), "model", "expected a non-empty string, got null"],
    [
      "a key of another kind",
      () => service({ apiKey: 7 }),
      "apiKey",
      "expected a non-empty string or a function, got the number 7",
    ],
    [
      "an address that is none",
      () => service({ baseURL: "api.openai.com" }),
      "baseURL",
      "expected a URL such as https://api.openai.com/v1, got another string",
    ],
    [
      "a word out of a few",
      () => service({ onInterrupt: "cut" }),
      "onInterrupt",
      'expected "drain" or "disconnect", got a string',
    ],
    [
      "options for a pool",
      () => service({ pool: { maxConnections: 2 } }),
      "pool",
      "expected an instance of ResponsesConnectionPool, got an object",
    ],
    [
      "text for options",
      () => service(anything("gpt-4.1")),
      "options",
      "an object with the options of OpenAIResponsesLLMService, got a string",
    ],
    ["a setting that is none", () => llm.updateSettings(anything({ modle: "m" })), "modle", "did you mean `model`?"],
    ["no settings", () => llm.updateSettings(anything(null)), "settings", "expected an object, got null"],
    [
      "an option among the settings",
      () => llm.updateSettings(anything({ apiKey: "k" })),
      "apiKey",
      "unknown setting of updateSettings()",
    ],
    [
      "an option of a WebSocket for HTTP",
      () => new OpenAIResponsesHttpLLMService(anything({ standby: true })),
      "standby",
      "unknown option of OpenAIResponsesHttpLLMService",
    ],
  ],
  "runInference()": [
    ["text", () => llm.runInference(anything("Hi")), "context", "add the text to one with addUserMessage()"],
    [
      "a signal for options",
      () => llm.runInference(context, anything(AbortSignal.abort())),
      "options",
      "give the signal as { signal }",
    ],
    [
      "a controller for a signal",
      () => overHttp.runInference(context, anything({ signal: new AbortController() })),
      "signal",
      "expected an AbortSignal",
    ],
    [
      "a name of old",
      () => llm.runInference(context, anything({ systemInstruction: "a" })),
      "systemInstruction",
      "it is called `instructions`",
    ],
    [
      "a Standard Schema for a format",
      () => overHttp.runInference(context, { responseFormat: anything(z.object({ a: z.string() })) }),
      "responseFormat",
      "expected { name, schema } (of a Standard Schema: `schema: z.toJSONSchema(schema)`)",
    ],
    [
      "a Standard Schema in a format",
      () => overHttp.runInference(context, { responseFormat: { name: "a", schema: anything(z.object({})) } }),
      "responseFormat.schema",
      "expected a JSON Schema, got a Standard Schema; use z.toJSONSchema(schema)",
    ],
    [
      "no name of a format",
      () => overHttp.runInference(context, { responseFormat: anything({ schema: {} }) }),
      "responseFormat.name",
      "got undefined",
    ],
    [
      "a format of Chat Completions",
      () => overHttp.runInference(context, { responseFormat: anything({ type: "json_schema", json_schema: {} }) }),
      "responseFormat.type",
      "its fields are given directly: { name, schema }",
    ],
    [
      "half a token",
      () => overHttp.runInference(context, { maxTokens: 0.5 }),
      "maxTokens",
      "expected a whole number of at least 1",
    ],
  ],
  "a pool": [
    [
      "no connections",
      () => new ResponsesConnectionPool({ maxConnections: 0 }),
      "maxConnections",
      "a whole number of at least 1, got the number 0",
    ],
    [
      "a slip",
      () => new ResponsesConnectionPool(anything({ maxConnection: 2 })),
      "maxConnection",
      "did you mean `maxConnections`?",
    ],
    [
      "another key",
      () => share({ apiKey: "a" }, { apiKey: "b" }),
      "pool",
      "its services use another key; make a pool for each",
    ],
    [
      "another server",
      () => share({ baseURL: "https://a.test/v1" }, { baseURL: "https://b.test/v1" }),
      "pool",
      "its services use another server",
    ],
    ["another name of its size", () => new ResponsesConnectionPool(anything({ size: 2 })), "size", "`maxConnections`"],
    ["another project", () => share({ project: "a" }, { project: "b" }), "pool", "its services use another project"],
    ["a second connection kept open", () => share({ standby: true }), "standby", "a pool keeps no spare connection"],
    [
      "an age",
      () => share({ maxConnectionAgeMs: 1000 }),
      "maxConnectionAgeMs",
      "it belongs to the options of the pool",
    ],
    [
      "a new service after its end",
      async () => {
        const pool = new ResponsesConnectionPool();
        await pool.close();
        return service({ pool });
      },
      "pool",
      "it is closed; make a new ResponsesConnectionPool",
    ],
    [
      "a turn after its end",
      async () => {
        const pool = new ResponsesConnectionPool();
        const pooled = service({ pool });
        await pool.close();
        return pooled.respond(context).record;
      },
      "pool",
      "it is closed; make a new ResponsesConnectionPool",
    ],
  ],
  steering: [
    ["nothing to say", () => llm.steer(anything(undefined)), "input", "expected text or user messages, got undefined"],
    [
      "what the assistant says",
      () => llm.steer(anything([{ role: "assistant", content: "a" }])),
      "input[0].role",
      "only user messages can steer a turn",
    ],
    ["text to warm up with", () => llm.warmUp(anything("Hi")), "context", "expected an LLMContext, got a string"],
  ],
  "a context": [
    ["an unknown option", () => new LLMContext(anything({ mesages: [] })), "mesages", "did you mean `messages`?"],
    [
      "an option of the service",
      () => new LLMContext(anything({ model: "m" })),
      "model",
      "belongs to the service's options",
    ],
    [
      "messages for options",
      () => new LLMContext(anything([])),
      "options",
      "the options of LLMContext, got an array of 0",
    ],
    [
      "null for messages",
      () => new LLMContext(anything({ messages: null })),
      "messages",
      "expected an array, got null",
    ],
    [
      "tools as an object",
      () => new LLMContext(anything({ tools: { look: tool } })),
      "tools",
      "expected an array of tools, each made by defineTool, got an object",
    ],
    ["a tool made by hand", () => context.setTools([anything({ name: "a" })]), "tools[0]", "a tool made by defineTool"],
    ["one name twice", () => context.setTools([tool, tool]), "tools[1].name", "names are unique"],
    [
      "a tool choice of another library",
      () => context.setToolChoice(anything({ type: "tool", toolName: "look" })),
      "toolChoice",
      '"auto", "none" or "required" or { type: "function", function: { name } }, got an object',
    ],
    [
      "one message for several",
      () => context.addMessages(anything({ role: "user", content: "a" })),
      "messages",
      "an array of messages, got an object",
    ],
    [
      "messages in place of options",
      () => new LLMContext(anything([{ role: "user", content: "a" }])),
      "options",
      "got an array of 1; messages are given as { messages }",
    ],
    [
      "a tool of the API",
      () => context.setTools([anything({ type: "function", function: {} })]),
      "tools[0]",
      "give its fields to defineTool({ name, description, parameters, execute })",
    ],
    [
      "a message for its content",
      () => context.addUserMessage(anything({ role: "user", content: "a" })),
      "content",
      "expected a string or an array of parts, got an object; addMessage() takes messages",
    ],
    ["text for its JSON", () => LLMContext.fromJSON(anything("{}")), "json", "the result of LLMContext.toJSON()"],
  ],
  "a message": [
    ["text", () => add("Hi"), "messages[0]", "expected a message object, got a string"],
    [
      "another role",
      () => add({ role: "human", content: "a" }),
      "messages[0].role",
      '"system", "developer", "user", "assistant" or "tool", got a string',
    ],
    [
      "a role of Gemini",
      () => add({ role: "model", content: "a" }),
      "messages[0].role",
      'got a string; it is "assistant" here',
    ],
    [
      "a role of old",
      () => add({ role: "function", name: "f", content: "a" }),
      "messages[0].role",
      'the output of a call has the role "tool"',
    ],
    [
      "calls in camel case",
      () => add({ role: "assistant", content: "a", toolCalls: [] }),
      "messages[0].toolCalls",
      "unknown field; it is called `tool_calls`",
    ],
    [
      "flat calls",
      () => add({ role: "assistant", tool_calls: [{ id: "c", name: "f", arguments: "{}" }] }),
      "messages[0].tool_calls[0].type",
      'expected "function", got undefined; a call is { id, type: "function", function: { name, arguments } }',
    ],
    [
      "a cache's field",
      () => say({ type: "text", text: "a", cache_control: { type: "ephemeral" } }),
      "messages[0].content[0].cache_control",
      "unknown field; providers cache without it",
    ],
    [
      "an item without its type",
      () => add({ llm: "openai", message: {} }),
      "messages[0].message",
      "expected an input item of the Responses API, with its type",
    ],
    [
      "an item of the Responses API",
      () => add({ type: "function_call_output", call_id: "c", output: "" }),
      "messages[0].role",
      'added as { llm: "openai", message: item }',
    ],
    [
      "parts in the AI SDK's place",
      () => add({ role: "user", parts: [] }),
      "messages[0].content",
      "the message has `parts`, which go into `content`",
    ],
    [
      "an image of the AI SDK or of Anthropic",
      () => say({ type: "image", image: "a" }),
      "messages[0].content[0].type",
      'an image is { type: "image_url", image_url: { url } }',
    ],
    [
      "an image's URL without its object",
      () => say({ type: "image_url", image_url: "https://a" }),
      "messages[0].content[0].image_url",
      "expected an object { url }, got a string",
    ],
    [
      "a file of the AI SDK",
      () => say({ type: "file", data: "a", mediaType: "text/plain" }),
      "messages[0].content[0].file",
      "expected an object with file_data or file_id, got undefined",
    ],
    [
      "a document of Anthropic",
      () => say({ type: "document" }),
      "messages[0].content[0].type",
      'a file is { type: "file"',
    ],
    [
      "a result of the AI SDK",
      () => add({ role: "tool", content: [{ type: "tool-result" }] }),
      "messages[0].content[0].type",
      'a result is a message of its own, { role: "tool", tool_call_id, content }',
    ],
    [
      "a call of Anthropic",
      () => add({ role: "assistant", content: [{ type: "tool_use" }] }),
      "messages[0].content[0].type",
      "a call goes into `tool_calls`",
    ],
    [
      "reasoning among parts",
      () => add({ role: "assistant", content: [{ type: "reasoning" }] }),
      "messages[0].content[0].type",
      'a message of its own, { llm: "openai", message: item }',
    ],
    [
      "a part without its text",
      () => say({ type: "text" }),
      "messages[0].content[0].text",
      "expected a string, got undefined",
    ],
    [
      "text for a part",
      () => say("Hi"),
      "messages[0].content[0]",
      'expected a part, such as { type: "text", text }, got a string',
    ],
    [
      "arguments as an object",
      () =>
        add({ role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: {} } }] }),
      "messages[0].tool_calls[0].function.arguments",
      "expected a string of JSON, got an object",
    ],
  ],
  "defineTool()": [
    ["no name", () => define({ name: undefined }), "name", "expected 1 to 64 of A-Z, a-z, 0-9, _ and -, got undefined"],
    ["a name with spaces", () => define({ name: "look around" }), "name", "got a string"],
    [
      "the AI SDK's name for parameters",
      () => define({ inputSchema: {} }),
      "look.inputSchema",
      "it is called `parameters`",
    ],
    [
      "the shape of Chat Completions",
      () => defineTool(anything({ type: "function", function: {} })),
      "type",
      "unknown option of defineTool(); its fields are given directly: { name, description, parameters, execute }",
    ],
    ["another name of execute", () => define({ run: () => 1 }), "look.run", "it is called `execute`"],
    [
      "the fields of a Standard Schema",
      () => define({ parameters: { city: z.string() } }),
      "look.parameters",
      "expected a schema, got an object of schemas; wrap it, as in z.object({ … })",
    ],
    [
      "the properties of a JSON Schema",
      () => define({ parameters: { city: { type: "string" } } }),
      "look.parameters",
      'expected a JSON Schema, got properties of one; put them into { type: "object", properties: { … } }',
    ],
    [
      "a Standard Schema of a string",
      () => define({ parameters: z.string() }),
      "look.parameters.type",
      'expected "object", got "string"; put it into',
    ],
    [
      "an array",
      () => define({ parameters: { type: "array" } }),
      "look.parameters.type",
      'expected "object", got "array"',
    ],
    [
      "a slip in a type",
      () => define({ parameters: { type: "object", properties: { city: { type: "strng" } } } }),
      "look.parameters.properties.city.type",
      'expected "object", "array", "string", "number", "integer", "boolean" or "null", got a string',
    ],
    [
      "a Standard Schema in a JSON Schema",
      () => define({ parameters: { type: "object", properties: { list: { type: "array", items: z.string() } } } }),
      "look.parameters.properties.list.items",
      "got a Standard Schema; use z.toJSONSchema(schema)",
    ],
    ["a handler", () => define({ handler: () => 1 }), "look.handler", "it is called `execute`"],
    ["no function", () => define({ execute: "look" }), "look.execute", "expected a function, got a string"],
    [
      "no schema",
      () => define({ parameters: "a" }),
      "look.parameters",
      "expected a JSON Schema or a Standard Schema, got a string",
    ],
    ["a slip", () => define({ timeoutMS: 5, timeout: 5 }), "look.timeoutMS", "did you mean `look.timeoutMs`?"],
    [
      "seconds below 0",
      () => define({ timeoutMs: -1 }),
      "look.timeoutMs",
      "milliseconds above 0, or Infinity for no limit",
    ],
  ],
  "a service's methods": [
    [
      "text to respond to",
      () => llm.respond(anything("Hi")),
      "context",
      "expected an LLMContext, got a string; add the text to one with addUserMessage()",
    ],
    [
      "messages to respond to",
      () => llm.stream(anything([])),
      "context",
      "messages make one with new LLMContext({ messages })",
    ],
    [
      "options of a context to respond to",
      () => llm.respond(anything({ messages: [] })),
      "context",
      "got an object; messages make one with new LLMContext({ messages })",
    ],
    [
      "nothing to respond to",
      () => llm.respond(anything(undefined)),
      "context",
      "expected an LLMContext, got undefined",
    ],
    [
      "a signal for options",
      () => llm.respond(context, anything(AbortSignal.abort())),
      "options",
      "an object of class AbortSignal; give the signal as { signal }",
    ],
    [
      "a controller for a signal",
      () => llm.respond(context, anything({ signal: new AbortController() })),
      "signal",
      "expected an AbortSignal, got an object of class AbortController",
    ],
    [
      "null for a signal",
      () => llm.stream(context, anything({ signal: null })),
      "signal",
      "expected an AbortSignal, got null",
    ],
    [
      "the AI SDK's name for it",
      () => llm.respond(context, anything({ abortSignal: 1 })),
      "abortSignal",
      "it is called `signal`",
    ],
    [
      "a setting",
      () => llm.respond(context, anything({ model: "m" })),
      "model",
      "it belongs to the options of the service, or to updateSettings()",
    ],
    ["tools", () => llm.respond(context, anything({ tools: [] })), "tools", "tools belong to the context"],
    [
      "a tool to register",
      () => llm.registerFunction(anything(tool), anything(undefined)),
      "name",
      "expected 1 to 64 of A-Z, a-z, 0-9, _ and -, got an object",
    ],
    ["a name with spaces", () => llm.registerFunction("look up", () => 1), "name", "expected 1 to 64 of A-Z"],
    [
      "an address to connect to",
      () => llm.connect(anything("ws://x")),
      "signal",
      "expected an AbortSignal, got a string",
    ],
    ["no handler", () => llm.registerFunction("look", anything({})), "handler", "expected a function, got an object"],
    [
      "a slip in a function's options",
      () => llm.registerFunction("look", () => 1, anything({ timeout: 1 })),
      "timeout",
      "unknown option of registerFunction()",
    ],
    [
      "no name to unregister",
      () => llm.unregisterFunction(anything(1)),
      "name",
      "expected a non-empty string, got the number 1",
    ],
    [
      "an unknown event",
      () => llm.on(anything("inferance"), () => undefined),
      "inferance",
      "did you mean `inference`?",
    ],
    ["an event of old", () => llm.on(anything("turn"), () => undefined), "turn", "the events are"],
    ["no listener", () => llm.on("inference", anything(undefined)), "listener", "expected a function, got undefined"],
  ],
  pipelines: [
    ["an object for a processor", () => new Pipeline([anything({})]), "processors[0]", "got an object"],
    [
      "the pair for its processors",
      () => new Pipeline([anything(new LLMContextAggregatorPair(context))]),
      "processors[0]",
      "got an object of class LLMContextAggregatorPair; its processors are `user` and `assistant`",
    ],
    [
      "processors one by one",
      () => new Pipeline(anything(new LLMAssistantAggregator(context)), anything(new LLMAssistantAggregator(context))),
      "processors",
      "put the processors into an array",
    ],
    [
      "a task's arguments as one object",
      () => new PipelineTask(anything({ pipeline: llm })),
      "processors",
      "the pipeline is the first argument",
    ],
    [
      "a task's params",
      () => new PipelineTask(new Pipeline([new LLMAssistantAggregator(context)]), anything({ params: {} })),
      "params",
      "its fields are options of their own",
    ],
    [
      "options for the pair",
      () => Reflect.construct(LLMContextAggregatorPair, [context, { foo: 1 }]),
      "options",
      "expected nothing beside the context, got an object",
    ],
    [
      "positional fields of a transcription",
      () => new TranscriptionFrame("x", anything("user")),
      "options",
      "expected an object with the options of TranscriptionFrame, got a string",
    ],
    [
      "text among a frame's messages",
      () => new LLMMessagesAppendFrame(anything(["Hi"])),
      "messages[0]",
      "expected a message object, got a string",
    ],
    ["nothing in it", () => new Pipeline([]), "processors", "at least one processor"],
    [
      "text for a context",
      () => new LLMContextAggregatorPair(anything("Hi")),
      "context",
      "expected an LLMContext, got a string",
    ],
    [
      "no assistant for the user",
      () => new LLMUserAggregator(context, anything(undefined)),
      "assistant",
      "expected an LLMAssistantAggregator, got undefined",
    ],
    [
      "options for a context",
      () => new LLMAssistantAggregator(anything({})),
      "context",
      "expected an LLMContext, got an object",
    ],
    [
      "text for a frame's context",
      () => new LLMContextFrame(anything("Hi")),
      "context",
      "expected an LLMContext, got a string",
    ],
    [
      "one message for a frame's several",
      () => new LLMMessagesAppendFrame(anything({})),
      "messages",
      "expected an array of messages, got an object",
    ],
    [
      "a slip in a task's options",
      () => new PipelineTask(new Pipeline([llm]), anything({ observer: [] })),
      "observer",
      "did you mean `observers`?",
    ],
  ],
};

describe.each(Object.entries(mistakes))("%s", (_, rows) => {
  it.each(rows)("%s is refused when it is given", async (_what, act, field, says) => {
    let error: unknown;
    try {
      await act();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: "invalid_argument", field });
    expect((error as InvalidArgumentError).message).toContain(says);
  });
});

it("a refused message shows nothing of what it holds", () => {
  const secret = "the content of a message";
  const messages = [
    { role: secret, content: secret },
    { role: "user", content: [{ type: secret, text: secret }] },
    { role: "user", content: [secret] },
    { role: "assistant", content: secret, tool_calls: secret },
  ];
  for (const message of messages) {
    const refused = (): unknown => new LLMContext({ messages: [message as unknown as LLMMessage] });
    expect(refused).toThrow(InvalidArgumentError);
    expect(refused).not.toThrow(secret);
  }
});
