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
import { AssistantTurn } from "./assistant-turn.ts";
import type { LLMContext } from "./llm-context.ts";
import { freezeMessages, type LLMMessage } from "./messages.ts";
import { cancelledOutput, runningOutput } from "./outputs.ts";

interface OpenCall {
  call: FunctionCall;
  cancelOnInterruption: boolean;
}

/**
 * Writes what the assistant says and does into a conversation, from the frames that have been delivered. Keeps the
 * conversation valid: every function call gets exactly one output, directly behind it.
 */
export class AssistantWriter {
  readonly #context: LLMContext;
  readonly #turn = new AssistantTurn();
  /** Calls the context holds no output for yet. */
  readonly #open = new Map<string, OpenCall>();
  /** Calls whose output says that they are still running. */
  readonly #late = new Set<string>();
  /** Messages that wait for the turn's end. */
  #waiting: LLMMessage[] = [];
  #listening = false;
  #runLLM = false;

  constructor(context: LLMContext) {
    this.#context = context;
  }

  /** Takes note of a frame. The answer is whether the model is to be asked again now. */
  take(frame: Frame): boolean {
    if (frame instanceof LLMFullResponseStartFrame) this.#listening = true;
    else if (frame instanceof FunctionCallInProgressFrame) this.#onInProgress(frame);
    else if (frame instanceof FunctionCallResultFrame) return this.#onResult(frame);
    else if (frame instanceof FunctionCallCancelFrame) this.#close(frame.functionCall, frame.output);
    else if (this.#listening) this.#hear(frame);
    return false;
  }

  /** Ends the turn here and now: keeps what has been delivered and gives every open call its output. */
  interrupt(): void {
    if (this.#listening) this.#context.addMessages(this.#turn.take(true));
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
   * Appends messages without coming between what belongs together: during a turn they wait for its end.
   * @throws InvalidArgumentError naming the message that cannot be used; none is appended then.
   */
  append(messages: readonly LLMMessage[]): void {
    this.#waiting.push(...freezeMessages(messages));
    this.#appendWaiting();
  }

  #hear(frame: Frame): void {
    if (frame instanceof TextFrame) {
      this.#turn.addText(frame.text);
    } else if (frame instanceof LLMThoughtEndFrame) {
      this.#turn.addThought(frame.llm, frame.item);
    } else if (frame instanceof LLMSteeredFrame) {
      if (!frame.pending) this.#context.addMessages(this.#turn.take(true));
      this.#waiting.push(...(frame.messages as LLMMessage[]));
      if (!frame.pending) this.#appendNow();
    } else if (frame instanceof FunctionCallsStartedFrame) {
      this.#turn.addFunctionCalls(frame.functionCalls);
      this.#context.addMessages(this.#turn.take(false));
      for (const call of frame.functionCalls) this.#open.set(call.toolCallId, { call, cancelOnInterruption: true });
    } else if (frame instanceof LLMFullResponseEndFrame) {
      this.#context.addMessages(this.#turn.take(frame.interrupted || frame.incompleteReason !== undefined));
      this.#listening = false;
      this.#appendWaiting();
    }
  }

  #onInProgress(frame: FunctionCallInProgressFrame): void {
    const open = this.#open.get(frame.functionCall.toolCallId);
    if (open !== undefined) open.cancelOnInterruption = frame.cancelOnInterruption;
  }

  #onResult(frame: FunctionCallResultFrame): boolean {
    const { toolCallId, functionName } = frame.functionCall;
    if (this.#late.delete(toolCallId)) {
      const content = `The function ${functionName} (call ${toolCallId}) has finished: ${frame.output}`;
      this.append([{ role: "developer", content }]);
      return frame.runLLM;
    }
    if (!this.#close(frame.functionCall, frame.output)) return false;
    this.#runLLM ||= frame.runLLM;
    if (this.#open.size > 0) return false;
    const run = this.#runLLM;
    this.#runLLM = false;
    return run;
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
    if (!this.#listening && this.#open.size === 0) this.#appendNow();
  }

  #appendNow(): void {
    this.#context.addMessages(this.#waiting);
    this.#waiting = [];
  }
}
