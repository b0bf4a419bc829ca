import type { Brain, BrainOutput } from "@turnwire/server";
import { fired } from "@turnwire/test-kit";

export const text = (delta: string): BrainOutput => ({ type: "text", delta });

export const call = (name: string, args: unknown = {}, callId?: string): BrainOutput => ({
  type: "function_call",
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
  ...(callId === undefined ? {} : { callId }),
});

/** A brain that gives these answers in turn, and the last one from then on. */
export function script(...answers: ReadonlyArray<Brain | string | readonly BrainOutput[]>): Brain {
  let asked = 0;
  return (request) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? "";
    asked += 1;
    if (typeof answer === "function") return answer(request);
    return typeof answer === "string" ? [text(answer)] : answer;
  };
}

/** A brain that says the first text, then nothing more until nobody wants to hear it. */
export function saysOnly(first: string): Brain {
  return async function* ({ signal }) {
    yield text(first);
    await fired(signal);
  };
}

/** A brain that says its lines in order, one per request. */
export function lines(...said: string[]): Brain {
  let next = 0;
  return function* () {
    yield { type: "text", delta: said[next++ % said.length]! };
  };
}
