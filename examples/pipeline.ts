/** The same service as a processor in a pipeline, as in a voice agent. */
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMContext,
  LLMContextAggregatorPair,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  OpenAIResponsesLLMService,
  PipelineTask,
  TranscriptionFrame,
} from "turnwire";

/** Prints the text that a voice would speak. */
class Printer extends FrameProcessor {
  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof LLMTextFrame) process.stdout.write(frame.text);
    if (frame instanceof LLMFullResponseEndFrame) process.stdout.write("\n");
    await this.pushFrame(frame, direction);
  }
}

const context = new LLMContext();
const llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
const { user, assistant } = new LLMContextAggregatorPair(context);
const task = new PipelineTask([user, llm, new Printer(), assistant]);

const questions = ["My name is Ada.", "What is my name?"];
async function next(): Promise<void> {
  const question = questions.shift();
  if (question === undefined) return task.stopWhenDone();
  console.log(`> ${question}`);
  await task.queueFrame(new TranscriptionFrame(question));
}
task.on("frameReachedDownstream", (frame) => (frame instanceof LLMFullResponseEndFrame ? next() : undefined));

await next();
await task.run();
