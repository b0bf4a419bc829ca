import { checkValue, is } from "../checks/index.ts";
import { ControlFrame, DataFrame } from "./frame.ts";

/** A function call as the model wrote it. */
export interface FunctionCall {
  functionName: string;
  /** The provider's id of the call. The output has the same id. */
  toolCallId: string;
  /** The arguments as the model wrote them: JSON text that has not been checked. */
  arguments: string;
}

/** The model called functions: all calls of one response. */
export class FunctionCallsStartedFrame extends ControlFrame {
  readonly functionCalls: readonly FunctionCall[];

  constructor(functionCalls: readonly FunctionCall[]) {
    super();
    checkValue(functionCalls, "functionCalls", is.listOf(is.object, "an array of function calls"));
    this.functionCalls = functionCalls;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** A function starts to run. */
export class FunctionCallInProgressFrame extends ControlFrame {
  readonly functionCall: FunctionCall;
  /** Whether an interruption cancels it. */
  readonly cancelOnInterruption: boolean;

  constructor(functionCall: FunctionCall, options: { cancelOnInterruption: boolean }) {
    super();
    checkCall(functionCall);
    this.functionCall = functionCall;
    this.cancelOnInterruption = options.cancelOnInterruption;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** The output of a call: what the function returned, or an error for the model. There is one for each call. */
export class FunctionCallResultFrame extends DataFrame {
  readonly functionCall: FunctionCall;
  /** The text for the model: what the function returned, as JSON if it is not a text. */
  readonly output: string;
  /** Whether `output` says that the call failed. */
  readonly failed: boolean;
  /** Whether the model is asked again when every call of the response has its output. */
  readonly runLLM: boolean;

  constructor(functionCall: FunctionCall, output: string, options: { failed?: boolean; runLLM?: boolean } = {}) {
    super();
    checkCall(functionCall);
    checkValue(output, "output", is.string);
    this.functionCall = functionCall;
    this.output = output;
    this.failed = options.failed ?? false;
    this.runLLM = options.runLLM ?? true;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** An interruption cancelled a call. `output` says so, and is the only output of the call. */
export class FunctionCallCancelFrame extends DataFrame {
  readonly functionCall: FunctionCall;
  readonly output: string;

  constructor(functionCall: FunctionCall, output: string) {
    super();
    checkCall(functionCall);
    checkValue(output, "output", is.string);
    this.functionCall = functionCall;
    this.output = output;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

function checkCall(functionCall: FunctionCall): void {
  checkValue(functionCall, "functionCall", is.object);
  checkValue(functionCall.functionName, "functionCall.functionName", is.string);
  checkValue(functionCall.toolCallId, "functionCall.toolCallId", is.string);
}
