/** Interrupts a reply: the context keeps what was delivered, and the next turn starts at once. */
import { LLMContext, OpenAIResponsesLLMService } from "turnwire";

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
const context = new LLMContext({ messages: [{ role: "user", content: "Count to 200, please." }] });

const turn = llm.respond(context);
let heard = 0;
for await (const _ of turn.text) if (++heard === 12) turn.interrupt();
console.log("kept:", context.messages.at(-1));

context.addUserMessage("Thanks, that is enough. My name is Ada. What is my name?");
for await (const text of llm.respond(context).text) process.stdout.write(text);
console.log();
await llm.stop();
