import type { Brain, BrainOutput } from "@turnwire/server";
import { fired } from "@turnwire/test-kit";

export const text = (delta: string): BrainOutput => ({ type: "text", delta });

export const call = (name: string, args: unknown = {}, callId?: string): BrainOutput => ({
  type: "function_call",
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
  ...(callId === undefined ? {} : { callId }),
});

/** A brain that gives these answers in order and repeats the last one. */
export function script(...answers: ReadonlyArray<Brain | string | readonly BrainOutput[]>): Brain {
  let asked = 0;
  return (request) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? "";
    asked += 1;
    if (typeof answer === "function") return answer(request);
    return typeof answer === "string" ? [text(answer)] : answer;
  };
}

/** A brain that says one text and then waits until its request is aborted. */
export function saysOnly(first: string): Brain {
  return async function* ({ signal }) {
    yield text(first);
    await fired(signal);
  };
}

/** A brain that says one line per request, in order, and starts again after the last. */
export function lines(...said: string[]): Brain {
  let next = 0;
  return function* () {
    yield { type: "text", delta: said[next++ % said.length]! };
  };
}
