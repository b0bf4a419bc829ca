import { ControlFrame, DataFrame } from "./frame.ts";

/** A function call as the model asked for it. */
export interface FunctionCall {
  functionName: string;
  /** The provider's id of the call; its output carries the same. */
  toolCallId: string;
  /** The arguments as the model wrote them: JSON text, not yet checked. */
  arguments: string;
}

/** The model asked for function calls: all those of one response. */
export class FunctionCallsStartedFrame extends ControlFrame {
  readonly functionCalls: readonly FunctionCall[];

  constructor(functionCalls: readonly FunctionCall[]) {
    super();
    this.functionCalls = functionCalls;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** A function begins to run. */
export class FunctionCallInProgressFrame extends ControlFrame {
  readonly functionCall: FunctionCall;
  /** Whether an interruption cancels it. */
  readonly cancelOnInterruption: boolean;

  constructor(functionCall: FunctionCall, options: { cancelOnInterruption: boolean }) {
    super();
    this.functionCall = functionCall;
    this.cancelOnInterruption = options.cancelOnInterruption;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** A call's one output: what the function answered, or an error for the model. */
export class FunctionCallResultFrame extends DataFrame {
  readonly functionCall: FunctionCall;
  /** What the model is given: text, or the JSON text of what the function answered. */
  readonly output: string;
  /** Whether `output` says that the call failed. */
  readonly failed: boolean;
  /** Whether the model is to be asked again once every call of the response has its output. */
  readonly runLLM: boolean;

  constructor(functionCall: FunctionCall, output: string, options: { failed?: boolean; runLLM?: boolean } = {}) {
    super();
    this.functionCall = functionCall;
    this.output = output;
    this.failed = options.failed ?? false;
    this.runLLM = options.runLLM ?? true;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** An interruption cancelled a call. `output` is its one output, saying so. */
export class FunctionCallCancelFrame extends DataFrame {
  readonly functionCall: FunctionCall;
  readonly output: string;

  constructor(functionCall: FunctionCall, output: string) {
    super();
    this.functionCall = functionCall;
    this.output = output;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}
