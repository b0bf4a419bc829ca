import {
  type Frame,
  type FunctionCall,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMSteeredFrame,
  LLMThoughtEndFrame,
  TextFrame,
} from "../frames/index.ts";
import { AssistantMessages } from "./assistant-messages.ts";
import type { LLMContext } from "./llm-context.ts";
import { freezeMessages, type LLMMessage } from "./messages.ts";
import { cancelledOutput, runningOutput } from "./outputs.ts";

interface OpenCall {
  call: FunctionCall;
  cancelOnInterruption: boolean;
}

/**
 * Writes the assistant's replies and function calls into a conversation, from the frames that have been delivered. It keeps
 * the conversation valid: every function call gets exactly one output, right after it.
 */
export class AssistantWriter {
  readonly #context: LLMContext;
  readonly #output = new AssistantMessages();
  /** Calls that have no output in the context yet. */
  readonly #open = new Map<string, OpenCall>();
  /** Calls whose output says that they are still running. */
  readonly #late = new Set<string>();
  /** Messages that wait for the turn's end. */
  #waiting: LLMMessage[] = [];
  #listening = false;
  /** The number of the last interruption's frame. */
  #interruptedAt = 0;
  #runLLM = false;

  constructor(context: LLMContext) {
    this.#context = context;
  }

  /** Takes a delivered frame. Returns whether the model has to be asked again now. */
  take(frame: Frame): boolean {
    // First the most frequent frames.
    if (frame instanceof TextFrame) {
      if (this.#listening) this.#output.addText(frame.text);
    } else if (frame instanceof LLMFullResponseStartFrame) this.#listening = frame.id > this.#interruptedAt;
    else if (frame instanceof FunctionCallInProgressFrame) this.#onInProgress(frame);
    else if (frame instanceof FunctionCallResultFrame) this.#onResult(frame);
    else if (frame instanceof FunctionCallCancelFrame) this.#onCancel(frame);
    else if (this.#listening) this.#hear(frame);
    // Not in the middle of a turn: the context does not hold all results yet.
    const runLLM = this.#runLLM && !this.#isBusy;
    if (runLLM) this.#runLLM = false;
    return runLLM;
  }

  /**
   * Ends the turn now: keeps what has been delivered, and gives every open call its output.
   * @param cause The frame that ends it. Later frames of a response that began before it are ignored.
   */
  interrupt(cause?: Frame): void {
    if (cause !== undefined) this.#interruptedAt = cause.id;
    if (this.#listening) this.#context.addMessages(this.#output.take(true));
    this.#listening = false;
    this.#runLLM = false;
    for (const { call, cancelOnInterruption } of this.#open.values()) {
      this.#addOutput(call, cancelOnInterruption ? cancelledOutput : runningOutput);
      if (!cancelOnInterruption) this.#late.add(call.toolCallId);
    }
    this.#open.clear();
    this.#appendWaiting();
  }

  /**
   * Appends messages. During a turn they wait for its end, so that they do not separate calls from their outputs.
   * @throws InvalidArgumentError which names the message that cannot be used; none is appended then.
   */
  append(messages: readonly LLMMessage[]): void {
    this.#waiting.push(...freezeMessages(messages));
    this.#appendWaiting();
  }

  /** Whether a response or the outputs of its calls are incomplete. */
  get #isBusy(): boolean {
    return this.#listening || this.#open.size > 0;
  }

  #hear(frame: Frame): void {
    if (frame instanceof LLMThoughtEndFrame) {
      this.#output.addThought(frame.llm, frame.item);
    } else if (frame instanceof LLMSteeredFrame) {
      if (!frame.pending) this.#context.addMessages(this.#output.take(true));
      this.#waiting.push(...(frame.messages as LLMMessage[]));
      if (!frame.pending) this.#appendNow();
    } else if (frame instanceof FunctionCallsStartedFrame) {
      this.#output.addFunctionCalls(frame.functionCalls);
      this.#context.addMessages(this.#output.take(false));
      for (const call of frame.functionCalls) this.#open.set(call.toolCallId, { call, cancelOnInterruption: true });
    } else if (frame instanceof LLMFullResponseEndFrame) {
      this.#context.addMessages(this.#output.take(frame.interrupted || frame.incompleteReason !== undefined));
      this.#listening = false;
      this.#appendWaiting();
    }
  }

  #onInProgress(frame: FunctionCallInProgressFrame): void {
    const { toolCallId } = frame.functionCall;
    const open = this.#open.get(toolCallId);
    if (open !== undefined) open.cancelOnInterruption = frame.cancelOnInterruption;
    // An interruption overtook this frame; the function goes on anyway.
    else if (!frame.cancelOnInterruption) this.#late.add(toolCallId);
  }

  #onResult(frame: FunctionCallResultFrame): void {
    const { toolCallId, functionName } = frame.functionCall;
    if (this.#late.delete(toolCallId)) {
      const content = `The function ${functionName} (call ${toolCallId}) has finished: ${frame.output}`;
      this.append([{ role: "developer", content }]);
    } else if (!this.#close(frame.functionCall, frame.output)) {
      return;
    }
    this.#runLLM ||= frame.runLLM;
  }

  #onCancel(frame: FunctionCallCancelFrame): void {
    // After an interruption the results of the other calls are no reason to ask the model again.
    if (this.#close(frame.functionCall, frame.output)) this.#runLLM = false;
  }

  #close(call: FunctionCall, output: string): boolean {
    if (!this.#open.delete(call.toolCallId)) return false;
    this.#addOutput(call, output);
    this.#appendWaiting();
    return true;
  }

  #addOutput(call: FunctionCall, output: string): void {
    this.#context.addMessage({ role: "tool", tool_call_id: call.toolCallId, content: output });
  }

  #appendWaiting(): void {
    if (!this.#isBusy) this.#appendNow();
  }

  #appendNow(): void {
    this.#context.addMessages(this.#waiting);
    this.#waiting = [];
  }
}
