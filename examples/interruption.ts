/** Interrupts a reply: the context keeps what was delivered, and the next turn starts at once. */
import { LLMContext, LLMTextFrame, OpenAIResponsesLLMService } from "turnwire";

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
const context = new LLMContext({ messages: [{ role: "user", content: "Count to 200, please." }] });

const interruption = new AbortController();
let heard = 0;
for await (const frame of llm.respond(context, { signal: interruption.signal })) {
  if (frame instanceof LLMTextFrame && ++heard === 12) interruption.abort();
}
console.log("kept:", context.messages.at(-1));

context.addMessage({ role: "user", content: "Thanks, that is enough. My name is Ada. What is my name?" });
for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) process.stdout.write(frame.text);
console.log();
await llm.stop();
