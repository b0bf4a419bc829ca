import type { FunctionTool, ResponseInputItem } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { type BrainOutput, type BrainRequest, rulesBrain, type RulesBrainOptions } from "../../src/responses/index.ts";
import { VirtualClock } from "@turnwire/test-kit";

function tool(name: string, properties: Record<string, unknown>): FunctionTool {
  const parameters = { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  return { type: "function", name, parameters, strict: true };
}

const calculate = tool("calculate", { expression: { type: "string" } });
const currentTime = tool("current_time", { place: { type: "string" } });
const getWeather = tool("get_weather", { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] } });
const setTimer = tool("setTimer", { minutes: { type: "integer" }, label: { type: ["string", "null"] } });
const all = [calculate, currentTime, getWeather, setTimer];

const user = (content: string): ResponseInputItem => ({ role: "user", content });

function requestFor(conversation: readonly ResponseInputItem[], ask: Partial<BrainRequest> = {}): BrainRequest {
  return {
    model: "turnwire-rules",
    conversation,
    tools: [],
    toolChoice: "auto",
    parallelToolCalls: true,
    reasoning: null,
    text: {},
    maxOutputTokens: null,
    signal: new AbortController().signal,
    ...ask,
  };
}

async function outputs(
  said: string | readonly ResponseInputItem[],
  ask?: Partial<BrainRequest>,
  options?: RulesBrainOptions,
): Promise<BrainOutput[]> {
  const pieces: BrainOutput[] = [];
  const request = requestFor(typeof said === "string" ? [user(said)] : said, ask);
  for await (const piece of rulesBrain(options)(request)) pieces.push(piece);
  return pieces;
}

/** The text of an answer; a call as its name and arguments. */
async function answer(said: string | readonly ResponseInputItem[], ask?: Partial<BrainRequest>): Promise<string> {
  const pieces = await outputs(said, ask);
  return pieces
    .map((piece) => {
      if (piece.type === "text") return piece.delta;
      return piece.type === "function_call" ? `[${piece.name} ${piece.arguments}]` : `<${piece.type}>`;
    })
    .join("");
}

describe("a conversation", () => {
  test.each([
    ["Hello!", "Hello! How can I help you?"],
    ["My name is Ada. What is my name?", "Nice to meet you, Ada. Your name is Ada."],
    ["I'm Ada and I live in Lisbon.", "Nice to meet you, Ada. I will remember that you live in Lisbon."],
    ["What is my name?", "You have not told me your name yet."],
    ["Thank you", "You are welcome."],
    ["Count to 3, please.", "1, 2, 3."],
  ])("%s → %s", async (said, expected) => {
    expect(await answer(said)).toBe(expected);
  });

  test("remembers what was said last", async () => {
    const told = ["My name is Ada and I live in Oslo.", "My name is Eva."].map(user);
    expect(await answer([...told, user("What is my name?")])).toBe("Your name is Eva.");
    expect(await answer([...told, user("And where do I live?")])).toBe("You live in Oslo.");
  });

  test("says what it is when it has no rule", async () => {
    expect(await answer("Why is the sky blue?", { tools: [calculate] })).toMatch(/rules brain.*call calculate\.$/);
  });

  test("long texts come a word at a time, the same each time", async () => {
    const story = await outputs("Tell me a long story.");
    expect(story.length).toBeGreaterThan(500);
    expect(await outputs("Tell me a long story.")).toEqual(story);
    expect(await outputs("Count to 200.", { tools: all })).toHaveLength(200);
  });

  test.each(["(", "1+", "in a and ", "my name is ", '"', "a,"])(
    "a message of many %j is answered at once",
    async (piece) => {
      const started = performance.now();
      await outputs(piece.repeat(200_000 / piece.length), { tools: all });
      expect(performance.now() - started).toBeLessThan(500);
    },
  );
});

describe("calls", () => {
  test.each([
    ["What is 17*23?", '[calculate {"expression":"17*23"}]'],
    ["What is 17 times 23?", '[calculate {"expression":"17 * 23"}]'],
    ["What is 17% of 2350?", '[calculate {"expression":"17 / 100 * 2350"}]'],
    ["What time is it in Tokyo?", '[current_time {"place":"Tokyo"}]'],
    ["what time is it in new york right now", '[current_time {"place":"New York"}]'],
    ["I live in Lisbon. What time is it there?", '[current_time {"place":"Lisbon"}]'],
    ["What is the weather in Rome, in Fahrenheit?", '[get_weather {"city":"Rome","unit":"fahrenheit"}]'],
    ["Set a timer for 5 minutes", '[setTimer {"minutes":5,"label":null}]'],
    ["What time is it?", "I can call current_time for that. Which place do you mean?"],
    ["My name is Ada.", "Nice to meet you, Ada."],
  ])("%s → %s", async (said, expected) => {
    expect(await answer(said, { tools: all })).toBe(expected);
  });

  test.each([
    ["What is 2+2 and what time is it in Oslo?", '[calculate {"expression":"2+2"}][current_time {"place":"Oslo"}]'],
    ["What time is it in Oslo and in Rome?", '[current_time {"place":"Oslo"}][current_time {"place":"Rome"}]'],
    [
      "Give me the time in Oslo and the weather in Rome.",
      '[current_time {"place":"Oslo"}][get_weather {"city":"Rome","unit":"celsius"}]',
    ],
  ])("two at once: %s", async (said, expected) => {
    expect(await answer(said, { tools: all })).toBe(expected);
  });

  test("come one after the other where they may not be parallel, and none twice", async () => {
    const ask = { tools: all, parallelToolCalls: false };
    const said = user("What is 2+2 and what time is it in Oslo?");
    expect(await answer([said], ask)).toBe('[calculate {"expression":"2+2"}]');
    const sum: ResponseInputItem[] = [
      { type: "function_call", call_id: "a", name: "calculate", arguments: '{"expression":"2+2"}' },
      { type: "function_call_output", call_id: "a", output: "4" },
    ];
    expect(await answer([said, ...sum], ask)).toBe('[current_time {"place":"Oslo"}]');
  });

  test.each<[BrainRequest["toolChoice"], string]>([
    ["none", "Hello! How can I help you?"],
    ["required", '[calculate {"expression":"Hello"}]'],
    [{ type: "function", name: "current_time" }, '[current_time {"place":"Hello"}]'],
    [
      { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "setTimer" }] },
      '[setTimer {"minutes":0,"label":null}]',
    ],
  ])("tool_choice %j is kept to", async (toolChoice, expected) => {
    expect(await answer("Hello", { tools: all, toolChoice })).toBe(expected);
  });

  test("a function without parameters, or with a broken schema, does no harm", async () => {
    const parameters = { type: 5, properties: { a: { $ref: "#/properties/a" } }, required: ["a"] };
    const rollDice: FunctionTool = { type: "function", name: "roll_dice", parameters: null, strict: null };
    const fixThing: FunctionTool = { type: "function", name: "fix_thing", parameters, strict: null };
    expect(await answer("Roll the dice", { tools: [rollDice] })).toBe("[roll_dice {}]");
    expect(await answer("Fix the thing", { tools: [fixThing] })).toContain("[fix_thing ");
  });
});

describe("results", () => {
  test.each([
    [calculate.name, { expression: "2+2" }, "4", "2+2 is 4."],
    [currentTime.name, { place: "Tokyo" }, '{"zone":"Asia/Tokyo","time":"14:05"}', "The time in Tokyo is 14:05."],
    [getWeather.name, { city: "Oslo" }, "It is sunny in Oslo.", "It is sunny in Oslo."],
    ["roll_dice", {}, '{"first":2,"second":5}', "roll_dice: first 2, second 5."],
    ["roll_dice", {}, '{"error":"no dice"}', "The call of roll_dice failed: no dice."],
    ["roll_dice", {}, "", "The call of roll_dice returned nothing."],
  ])("of %s", async (name, args, output, expected) => {
    const conversation: ResponseInputItem[] = [
      user("My name is Ada."),
      { type: "function_call", call_id: "a", name, arguments: JSON.stringify(args) },
      { type: "function_call_output", call_id: "a", output },
    ];
    expect(await answer(conversation, { tools: all })).toBe(`Nice to meet you, Ada. ${expected}`);
  });
});

test("a reasoning summary comes first where one is asked for", async () => {
  const reasoning = { effort: "low", summary: "auto" } as const;
  const pieces = await outputs("What is 2+2?", { tools: all, reasoning });
  expect(pieces.map(({ type }) => type)).toEqual(["reasoning", "function_call"]);
  expect((await outputs("Hello", { reasoning: { effort: "high" } })).every(({ type }) => type === "text")).toBe(true);
});

test("it takes its time, by its clock, until it is aborted", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const brain = rulesBrain({ firstTokenMs: 300, msPerToken: 20, environment: { clock } });
  const pieces = brain(requestFor([user("Count to 3")], { signal: controller.signal })) as AsyncIterable<BrainOutput>;
  const iterator = pieces[Symbol.asyncIterator]();
  const first = iterator.next();
  await clock.advance(300);
  expect(await first).toEqual({ done: false, value: { type: "text", delta: "1," } });
  const second = iterator.next();
  await clock.advance(20);
  expect((await second).value).toEqual({ type: "text", delta: " 2," });
  const third = iterator.next();
  controller.abort();
  await expect(third).rejects.toThrow(/abort/i);
  expect(clock.pending).toBe(0);
});
