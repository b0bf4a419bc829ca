import type { FunctionTool, Tool } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import type { ResponseInputItem } from "turnwire/internal";
import { type BrainOutput, type BrainRequest, rulesBrain } from "../../src/responses/index.ts";
import { ManualClock } from "./support/manual-clock.ts";

function tool(
  name: string,
  description: string,
  properties: Record<string, unknown>,
  required?: string[],
): FunctionTool {
  const parameters = {
    type: "object",
    properties,
    required: required ?? Object.keys(properties),
    additionalProperties: false,
  };
  return { type: "function", name, description, parameters, strict: true };
}

const calculate = tool("calculate", "Evaluates an arithmetic expression.", { expression: { type: "string" } });
const currentTime = tool("current_time", "The current time in a place.", {
  place: { type: "string", description: "An IANA time zone or a city." },
});
const getWeather = tool("get_weather", "Get the weather for a city.", {
  city: { type: "string" },
  unit: { type: "string", enum: ["celsius", "fahrenheit"] },
});
const webSearch = tool("web_search", "Searches the web.", { query: { type: "string" }, limit: { type: "integer" } }, [
  "query",
]);
const setTimer = tool("setTimer", "Starts a timer.", {
  minutes: { type: "integer", minimum: 1 },
  label: { type: ["string", "null"] },
});
const convert = tool("convert_currency", "Convert an amount between currencies.", {
  amount: { type: "number" },
  from: { type: "string", enum: ["USD", "EUR"] },
  to: { type: "string", enum: ["USD", "EUR"] },
});
const findCustomer = tool("lookup_customer", "Look up a customer by name.", { name: { type: "string" } });
const flight = tool("book_flight", "Books a flight.", {
  from: { type: "string", description: "City of departure" },
  to: { type: "string", description: "City of destination" },
  date: { type: ["string", "null"], format: "date" },
});
const all: Tool[] = [calculate, currentTime, getWeather, webSearch, setTimer, convert, findCustomer, flight];

const user = (content: string): ResponseInputItem => ({ role: "user", content });
const assistant = (content: string): ResponseInputItem => ({ role: "assistant", content });

type Ask = Partial<Omit<BrainRequest, "conversation">>;

async function outputs(conversation: readonly ResponseInputItem[], ask: Ask = {}): Promise<BrainOutput[]> {
  const request: BrainRequest = {
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
  const said: BrainOutput[] = [];
  for await (const output of rulesBrain()(request)) said.push(output);
  return said;
}

async function textFor(conversation: readonly ResponseInputItem[], ask: Ask = {}): Promise<string> {
  const said = await outputs(conversation, ask);
  return said.map((output) => (output.type === "text" ? output.delta : `<${output.type}>`)).join("");
}

async function callsFor(conversation: readonly ResponseInputItem[], ask: Ask = { tools: all }): Promise<string[]> {
  const said = await outputs(conversation, ask);
  return said.map((output) => (output.type === "function_call" ? `${output.name} ${output.arguments}` : output.type));
}

describe("a conversation", () => {
  test.each([
    ["Hello!", "Hello! How can I help you?"],
    ["My name is Ada.", "Nice to meet you, Ada."],
    ["Hi, I'm Ada and I live in Lisbon.", "Nice to meet you, Ada. I will remember that you live in Lisbon."],
    ["my dog is called Rex", "I will remember that your dog is called Rex."],
    ["Thank you", "You are welcome."],
    ["What is my name?", "You have not told me your name yet."],
    ["What did I just say?", "You have not said anything before that."],
    ["Repeat after me: good morning", "good morning"],
    ["count to ten", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."],
    ["Count from 3 to 1", "3, 2, 1."],
  ])("%s → %s", async (said, answer) => {
    expect(await textFor([user(said)])).toBe(answer);
  });

  const told = [
    "My name is Ada.",
    "I live in Lisbon and my dog is called Rex",
    "I like chess",
    "my favorite colour is blue.",
    "I like tea",
    "Remember that the code word is banana.",
  ].flatMap((said) => [user(said), assistant("All right.")]);

  test.each([
    ["What is my name?", "Your name is Ada."],
    ["what's my name again", "Your name is Ada."],
    ["Do you remember my name?", "Your name is Ada."],
    ["Where do I live?", "You live in Lisbon."],
    ["What is my dog's name?", "Your dog is called Rex."],
    ["What's the name of my dog?", "Your dog is called Rex."],
    ["What do I like?", "You like chess and you like tea."],
    ["What is my favourite color?", "Your favorite colour is blue."],
    ["what was the code word?", "The code word is banana."],
    ["What is my cat called?", "You have not told me about your cat yet."],
    ["What did I just say?", 'You said: "Remember that the code word is banana."'],
    ["Hello again", "Hello, Ada! How can I help you?"],
  ])("it remembers: %s → %s", async (asked, answer) => {
    expect(await textFor([...told, user(asked)])).toBe(answer);
  });

  test("what was said last counts", async () => {
    const conversation = [user("My name is Ada."), user("No, my name is Eva."), user("What is my name?")];
    expect(await textFor(conversation)).toBe("Your name is Eva.");
  });

  test.each([
    "Who are you?",
    "What are you?",
    "Are you an AI?",
    "What is the meaning of life?",
    "Why is the sky blue?",
  ])("it says honestly what it is: %s", async (asked) => {
    const answer = await textFor([user(asked)], { tools: [calculate] });
    expect(answer).toContain("small built-in rules brain");
    expect(answer).toContain("calculate");
  });

  test("long answers come in many pieces", async () => {
    const story = await outputs([user("Tell me a long story about a fox.")]);
    expect(story.length).toBeGreaterThan(500);
    expect(story.every((output) => output.type === "text" && output.delta !== "")).toBe(true);
    expect(await textFor([user("Tell me a long story about a fox.")])).toContain("a fox");
    expect((await outputs([user("Please count to 200")])).length).toBe(200);
  });

  test("the same conversation gets the same answer", async () => {
    const conversation = [...told, user("Tell me a story.")];
    expect(await outputs(conversation)).toEqual(await outputs(conversation));
  });

  test("it reads content parts, and manages without a user message", async () => {
    expect(await textFor([{ role: "user", content: [{ type: "input_text", text: "My name is Bo." }] }])).toBe(
      "Nice to meet you, Bo.",
    );
    expect(await textFor([])).toBe("Hello! How can I help you?");
    expect(await textFor([{ role: "developer", content: "Be kind." }])).toBe("Hello! How can I help you?");
  });

  test("a message of any shape is answered quickly", async () => {
    for (const piece of ["(", "1+", "in a and ", "my x is ", "twenty ", '"', "tell me a story about "]) {
      const started = performance.now();
      await outputs([user(piece.repeat(200_000 / piece.length))], { tools: all });
      expect(performance.now() - started).toBeLessThan(500);
    }
  });
});

describe("choosing tools and filling arguments", () => {
  test.each([
    ["What is 17*23?", ["17*23"]],
    ["what's 17 times 23", ["17 * 23"]],
    ["What is seventeen times twenty-three?", ["17 * 23"]],
    ["two hundred and five divided by 5", ["205 / 5"]],
    ["How much is 1,200 minus 200?", ["1200 - 200"]],
    ["What is 2 to the power of 10?", ["2 ^ 10"]],
    ["the square root of 144 plus 3", ["sqrt(144) + 3"]],
    ["What is 15 percent of 80?", ["15 / 100 * 80"]],
    ["what is (3+4)*2", ["(3+4)*2"]],
    ["Add 3 and 4.", ["3 + 4"]],
    ["Subtract 3 from 10", ["10 - 3"]],
    ["What is 3.5 + 2.25?", ["3.5 + 2.25"]],
    ["What is 2+2 and 3+3?", ["2+2", "3+3"]],
  ])("arithmetic: %s", async (asked, expressions) => {
    const expected = expressions.map((expression) => `calculate ${JSON.stringify({ expression })}`);
    expect(await callsFor([user(asked)])).toEqual(expected);
  });

  test.each([
    ["What time is it in Tokyo?", ["Tokyo"]],
    ["What time is it in Tokyo, London and New York?", ["Tokyo", "London", "New York"]],
    ["what time is it in tokyo and in paris right now", ["Tokyo", "Paris"]],
    ["What is the time in Europe/Lisbon?", ["Europe/Lisbon"]],
    ["What's the time in Rio de Janeiro?", ["Rio de Janeiro"]],
    ["I live in Lisbon. What time is it there?", ["Lisbon"]],
  ])("places: %s", async (asked, places) => {
    const expected = places.map((place) => `current_time ${JSON.stringify({ place })}`);
    expect(await callsFor([user(asked)])).toEqual(expected);
  });

  test.each([
    ["What's the weather in Paris in Fahrenheit?", ['get_weather {"city":"Paris","unit":"fahrenheit"}']],
    ["Search the web for cheap flights to Rome", ['web_search {"query":"cheap flights to Rome"}']],
    ["Set a timer for five minutes", ['setTimer {"minutes":5,"label":null}']],
    ["Convert 20 USD to EUR", ['convert_currency {"amount":20,"from":"USD","to":"EUR"}']],
    ['Look up the customer "Jane Doe"', ['lookup_customer {"name":"Jane Doe"}']],
    ["Book a flight from Oslo to Rome tomorrow", ['book_flight {"from":"Oslo","to":"Rome","date":"tomorrow"}']],
  ])("other people's tools: %s", async (asked, calls) => {
    expect(await callsFor([user(asked)])).toEqual(calls);
  });

  test("two things asked for are called in parallel", async () => {
    expect(await callsFor([user("What is 17*23 and what time is it in Tokyo?")])).toEqual([
      'calculate {"expression":"17*23"}',
      'current_time {"place":"Tokyo"}',
    ]);
    expect(await callsFor([user("Give me the time in Oslo and the weather in Rome")])).toEqual([
      'current_time {"place":"Oslo"}',
      'get_weather {"city":"Rome","unit":"celsius"}',
    ]);
  });

  test("without parallel calls they come one after the other", async () => {
    const ask = { tools: all, parallelToolCalls: false };
    const conversation = [user("What is 2+2 and what time is it in Tokyo?")];
    expect(await callsFor(conversation, ask)).toEqual(['calculate {"expression":"2+2"}']);
    const answered: ResponseInputItem[] = [
      { type: "function_call", call_id: "a", name: "calculate", arguments: '{ "expression": "2+2" }' },
      { type: "function_call_output", call_id: "a", output: "4" },
    ];
    expect(await callsFor([...conversation, ...answered], ask)).toEqual(['current_time {"place":"Tokyo"}']);
  });

  test.each([
    "Hello",
    "My name is Ada",
    "Tell me a story",
    "I like chess",
    "Thanks",
    "What is my name?",
    "Who are you?",
  ])("nothing is called for: %s", async (said) => {
    expect(await textFor([user(said)], { tools: all })).not.toContain("<function_call>");
  });

  test("a question that goes on uses the tool called last", async () => {
    const conversation: ResponseInputItem[] = [
      user("What time is it in Tokyo?"),
      { type: "function_call", call_id: "a", name: "current_time", arguments: '{"place":"Tokyo"}' },
      { type: "function_call_output", call_id: "a", output: "14:05" },
      assistant("The time in Tokyo is 14:05."),
      user("And in Paris?"),
    ];
    expect(await callsFor(conversation)).toEqual(['current_time {"place":"Paris"}']);
  });

  test("what is missing is asked for", async () => {
    expect(await textFor([user("What time is it?")], { tools: all })).toBe(
      "I can use current_time for that. Please tell me the place.",
    );
  });

  test("schemas with references, alternatives and lists are understood", async () => {
    const parameters = {
      type: "object",
      properties: {
        cities: { type: "array", items: { $ref: "#/$defs/city" } },
        options: { anyOf: [{ type: "null" }, { type: "object", properties: { humid: { type: "boolean" } } }] },
      },
      required: ["cities", "options"],
      $defs: { city: { type: "string", description: "A city" } },
    };
    const compare: FunctionTool = { type: "function", name: "compare_climates", parameters, strict: true };
    const calls = await callsFor([user("Compare the climates of Oslo and Rome")], { tools: [compare] });
    expect(calls).toEqual(['compare_climates {"cities":["Oslo","Rome"],"options":null}']);
  });

  test("a tool without parameters, or with a broken schema, does no harm", async () => {
    const roll: FunctionTool = { type: "function", name: "roll_dice", parameters: null, strict: null };
    expect(await callsFor([user("Please roll the dice")], { tools: [roll] })).toEqual(["roll_dice {}"]);
    const parameters = { type: 5, properties: { a: { $ref: "#/properties/a" } }, required: "a" };
    const broken: FunctionTool = { type: "function", name: "broken_thing", parameters, strict: null };
    expect(await callsFor([user("Do the broken thing")], { tools: [broken] })).toHaveLength(1);
  });
});

describe("tool_choice", () => {
  test("none: nothing is called", async () => {
    const ask = { tools: all, toolChoice: "none" } as const;
    expect(await textFor([user("What is 2+2?")], ask)).toContain("rules brain");
  });

  test("required: something is called, once", async () => {
    const ask = { tools: [currentTime], toolChoice: "required" } as const;
    expect(await callsFor([user("Hello")], ask)).toHaveLength(1);
    const answered: ResponseInputItem[] = [
      user("Hello"),
      { type: "function_call", call_id: "a", name: "current_time", arguments: '{"place":"Hello"}' },
      { type: "function_call_output", call_id: "a", output: '{"error":"unknown place"}' },
    ];
    expect(await textFor(answered, ask)).toBe("The call of current_time failed: unknown place.");
  });

  test("a function: that one is called", async () => {
    const ask = { tools: all, toolChoice: { type: "function", name: "get_weather" } } as const;
    expect(await callsFor([user("What time is it in Oslo?")], ask)).toEqual([
      'get_weather {"city":"Oslo","unit":"celsius"}',
    ]);
  });

  test("allowed_tools: only those are called", async () => {
    const toolChoice = {
      type: "allowed_tools",
      mode: "auto",
      tools: [{ type: "function", name: "calculate" }],
    } as const;
    const ask = { tools: all, toolChoice: { ...toolChoice, tools: [...toolChoice.tools] } };
    expect(await callsFor([user("What is 2+2 and what time is it in Oslo?")], ask)).toEqual([
      'calculate {"expression":"2+2"}',
    ]);
  });
});

describe("answering from outputs", () => {
  function answered(asked: string, ...calls: Array<[name: string, args: object, output: string]>): ResponseInputItem[] {
    const items = calls.map(([name, args], index): ResponseInputItem => ({
      type: "function_call",
      call_id: `call_${index}`,
      name,
      arguments: JSON.stringify(args),
    }));
    const results = calls.map(([, , output], index): ResponseInputItem => ({
      type: "function_call_output",
      call_id: `call_${index}`,
      output,
    }));
    return [user(asked), ...items, ...results];
  }

  const oslo = { city: "Oslo", unit: "celsius" };
  test.each<[string, ResponseInputItem[], string]>([
    ["a bare number", answered("What is 2+2?", ["calculate", { expression: "2+2" }, "4"]), "2+2 is 4."],
    ["a result field", answered("What is 2+2?", ["calculate", { expression: "2+2" }, '{"result":4}']), "2+2 is 4."],
    [
      "a time field",
      answered("Time in Tokyo?", ["current_time", { place: "Tokyo" }, '{"zone":"Asia/Tokyo","time":"14:05"}']),
      "The time in Tokyo is 14:05.",
    ],
    ["a sentence", answered("Weather?", ["get_weather", oslo, "It is sunny in Oslo."]), "It is sunny in Oslo."],
    [
      "several fields",
      answered("Weather in Oslo?", [
        "get_weather",
        oslo,
        '{"city":"Oslo","temperature":21,"unit":"celsius","sky":"clear"}',
      ]),
      "Weather in Oslo: temperature 21 and sky clear.",
    ],
    [
      "an error",
      answered("Weather?", ["get_weather", oslo, '{"error":"city unknown"}']),
      "The call of get_weather failed: city unknown.",
    ],
    [
      "an error object",
      answered("Weather?", ["get_weather", oslo, '{"error":{"message":"no network"}}']),
      "The call of get_weather failed: no network.",
    ],
    [
      "an interruption",
      answered("Weather?", ["get_weather", oslo, "The function call was interrupted by the user."]),
      "The call of get_weather was interrupted, so I do not have its result.",
    ],
    ["nothing", answered("Weather?", ["get_weather", oslo, ""]), "The call of get_weather came back with nothing."],
    [
      "two outputs",
      answered(
        "What is 17*23 and what time is it in Tokyo?",
        ["calculate", { expression: "17*23" }, '{"result":391}'],
        ["current_time", { place: "Tokyo" }, "14:05"],
      ),
      "17*23 is 391. The time in Tokyo is 14:05.",
    ],
    [
      "a fact told beside the question",
      answered("My name is Ada. What is 2+2?", ["calculate", { expression: "2+2" }, "4"]),
      "Nice to meet you, Ada. 2+2 is 4.",
    ],
  ])("%s", async (_what, conversation, answer) => {
    expect(await textFor(conversation, { tools: all })).toBe(answer);
  });
});

describe("reasoning", () => {
  test("a summary comes first when one is asked for", async () => {
    const ask = { tools: all, reasoning: { effort: "low", summary: "auto" } } as const;
    const [first, second] = await outputs([user("What is 2+2?")], ask);
    expect(first).toEqual({ type: "reasoning", summary: "The user's words fit calculate, so I call it." });
    expect(second?.type).toBe("function_call");
  });

  test.each([{ effort: "none", summary: "auto" } as const, { effort: "high" } as const, { summary: "auto" } as const])(
    "no summary for %j",
    async (reasoning) => {
      expect((await outputs([user("Hello")], { reasoning })).every((output) => output.type === "text")).toBe(true);
    },
  );
});

describe("pacing", () => {
  test("waits before the first output and after each word, by its clock", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const brain = rulesBrain({ firstTokenMs: 300, msPerToken: 20, clock });
    const request: Partial<BrainRequest> = {
      conversation: [user("Count to 3")],
      tools: [],
      toolChoice: "auto",
      reasoning: null,
      signal: controller.signal,
    };
    const iterator = (brain(request as BrainRequest) as AsyncIterable<BrainOutput>)[Symbol.asyncIterator]();
    const first = iterator.next();
    expect(clock.pending).toBe(1);
    clock.advance(300);
    expect(await first).toEqual({ done: false, value: { type: "text", delta: "1," } });
    const second = iterator.next();
    clock.advance(20);
    expect((await second).value).toEqual({ type: "text", delta: " 2," });
    const third = iterator.next();
    controller.abort();
    await expect(third).rejects.toThrow(/abort/i);
    expect(clock.pending).toBe(0);
  });
});
