import { type Check, checkValue, is } from "../checks/index.ts";
import type { FunctionCall } from "../frames/index.ts";

/** The result of a provider's inference. */
export interface InferenceResult {
  /** The complete calls that the model asked for. */
  functionCalls: readonly FunctionCall[];
  /** Why the model stopped before it was done. */
  incompleteReason?: string;
}

const functionCall: Check = {
  ...is.object,
  expected: "a call { functionName, toolCallId, arguments }",
  within: (value, field) => {
    const { functionName, toolCallId, arguments: args } = value as Record<string, unknown>;
    checkValue(functionName, `${field}.functionName`, is.string);
    checkValue(toolCallId, `${field}.toolCallId`, is.string);
    checkValue(args, `${field}.arguments`, is.custom("a string of JSON", is.string.holds));
  },
};

const inferenceResult: Check = {
  ...is.object,
  expected: "inference() to return { functionCalls }",
  within: (value, field) => {
    const { functionCalls, incompleteReason } = value as Record<string, unknown>;
    checkValue(functionCalls, `${field}.functionCalls`, is.listOf(functionCall, "an array of calls"));
    if (incompleteReason !== undefined) checkValue(incompleteReason, `${field}.incompleteReason`, is.string);
  },
};

/**
 * Checks the result of a provider's `inference`, which the author of a service may have written.
 * @throws InvalidArgumentError which names the field that cannot be used.
 */
export function checkInferenceResult(result: unknown): asserts result is InferenceResult {
  checkValue(result, "result", inferenceResult);
}
