/** `runInference` with a schema: one answer as data, which does not become part of a conversation. */
import { LLMContext, OpenAIResponsesLLMService } from "turnwire";
import { z } from "zod";

const Person = z.object({ name: z.string(), city: z.string() });

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
const context = new LLMContext({
  messages: [{ role: "user", content: "My name is Ada and I live in Lisbon." }],
});
const answer = await llm.runInference(context, {
  instructions: "Extract the person.",
  responseFormat: { name: "person", schema: z.toJSONSchema(Person) },
});
const person = Person.parse(JSON.parse(answer));
console.log(`${person.name} lives in ${person.city}.`);
