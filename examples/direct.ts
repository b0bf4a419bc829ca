/** A conversation without a pipeline. After the first turn, each turn sends only the new items. */
import { LLMContext, OpenAIResponsesLLMService } from "turnwire";

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1", instructions: "Be brief." });
llm.on("inference", ({ mode, bytesSent, bytesFull }) => console.log(`(${mode}: ${bytesSent} of ${bytesFull} bytes)`));

const context = new LLMContext();
for (const question of ["My name is Ada and I live in Lisbon.", "What is my name?", "And where do I live?"]) {
  console.log(`> ${question}`);
  context.addUserMessage(question);
  const { text } = await llm.respond(context).record;
  console.log(text);
}
await llm.stop();
