import { CancelFrame, EndFrame, type Frame, InterruptionFrame } from "../frames/index.ts";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "../pipeline/index.ts";
import { AssistantWriter } from "./assistant-writer.ts";
import { LLMContextFrame } from "./frames.ts";
import { checkContext, type LLMContext } from "./llm-context.ts";
import type { LLMMessage } from "./messages.ts";

/**
 * Writes the assistant's replies and function calls into the conversation. It stands at the end of a pipeline, so the
 * frames that reach it have been delivered, and an interruption keeps exactly those. When every call of a response has its
 * output, it sends the context upstream again, and the model goes on.
 */
export class LLMAssistantAggregator extends FrameProcessor {
  readonly #context: LLMContext;
  readonly #writer: AssistantWriter;

  /** @throws InvalidArgumentError */
  constructor(context: LLMContext, options: FrameProcessorOptions = {}) {
    super(options);
    checkContext(context);
    this.#context = context;
    this.#writer = new AssistantWriter(context);
  }

  /** Ends the turn now: keeps what has been delivered, and gives every open call its output. */
  interrupt(): void {
    this.#writer.interrupt();
  }

  /** Appends messages. During a turn they wait for its end, so that they do not separate calls from their outputs. */
  append(messages: readonly LLMMessage[]): void {
    this.#writer.append(messages);
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (endsTurn(frame, direction)) this.#writer.interrupt(frame);
    const runLLM = direction === "downstream" && this.#writer.take(frame);
    await this.pushFrame(frame, direction);
    if (runLLM) await this.pushFrame(new LLMContextFrame(this.#context), "upstream");
  }
}

/** An EndFrame that travels upstream only asks for the end. */
function endsTurn(frame: Frame, direction: FrameDirection): boolean {
  if (frame instanceof EndFrame) return direction === "downstream";
  return frame instanceof InterruptionFrame || frame instanceof CancelFrame;
}
