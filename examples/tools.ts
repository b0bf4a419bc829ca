/**
 * Functions that the model may call. Arguments are checked against the schema, runs have a time limit, calls run in parallel,
 * and each gets exactly one output.
 */
import { defineTool, LLMContext, OpenAIResponsesLLMService } from "turnwire";
import { z } from "zod";

const getWeather = defineTool({
  name: "get_weather",
  description: "The weather in a city, now.",
  parameters: z.object({ city: z.string().describe("The city's name") }),
  // The schema types the arguments, so `city` is a string here. Invalid arguments do not reach the function.
  execute: ({ city }) => ({ city, text: city === "Lisbon" ? "sunny, 24 °C" : "rain, 11 °C" }),
  timeoutMs: 2000,
});

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
llm.on("functionCallsStarted", (calls) => {
  for (const call of calls) console.log(`(${call.functionName} ${call.arguments})`);
});

const context = new LLMContext({
  tools: [getWeather],
  messages: [{ role: "user", content: "What is the weather in Lisbon and in Oslo?" }],
});
for await (const text of llm.respond(context).text) process.stdout.write(text);
console.log();
await llm.stop();
