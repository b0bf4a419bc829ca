/** A conversation without a pipeline. After the first turn, each turn sends only the new items. */
import { LLMContext, LLMTextFrame, OpenAIResponsesLLMService } from "turnwire";

const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1", instructions: "Be brief." });
llm.on("inference", ({ mode, bytesSent, bytesFull }) => console.log(`(${mode}: ${bytesSent} of ${bytesFull} bytes)`));

const context = new LLMContext();
for (const text of ["My name is Ada and I live in Lisbon.", "What is my name?", "And where do I live?"]) {
  console.log(`> ${text}`);
  context.addMessage({ role: "user", content: text });
  let answer = "";
  for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) answer += frame.text;
  console.log(answer);
}
await llm.stop();
