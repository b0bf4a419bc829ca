import { untilAborted } from "turnwire/internal";
import type { BrainOutput, BrainRequest } from "../brain.ts";
import { checkOutput, iteratorOf } from "./brain-output.ts";
import type { CreateRequest } from "./create-request.ts";
import type { ServerCore } from "./server-core.ts";
import type { Pace } from "./timing.ts";

type Result = IteratorResult<BrainOutput>;

/** A brain at work on one request. */
export class BrainRun {
  readonly #iterator: AsyncIterator<BrainOutput> | Iterator<BrainOutput>;
  readonly #request: CreateRequest;
  readonly #pace: Pace | undefined;

  /** @param signal What the brain gets: it fires when the response is not wanted any more. */
  constructor({ brain, pace }: ServerCore, request: CreateRequest, signal: AbortSignal) {
    this.#iterator = iteratorOf(brain(brainRequest(request, signal)));
    this.#request = request;
    this.#pace = pace;
  }

  /** The next piece of output. Rejects with the signal's reason, and if the brain yields something that is no piece. */
  async next(signal: AbortSignal): Promise<Result> {
    const iterator = this.#iterator as AsyncIterator<BrainOutput>;
    const result = await untilAborted(Promise.resolve(iterator.next()), signal);
    if (result.done !== true) checkOutput(result.value);
    return result;
  }

  /** Delays a piece to when a model would have produced it. */
  paced(next: Promise<Result>, isFirst: boolean, signal: AbortSignal): Promise<Result> {
    const pace = this.#pace;
    if (pace === undefined) return next;
    const { prompt, cachedTokens } = this.#request;
    return (async () => {
      const result = await next;
      if (isFirst) await pace.first(Math.max(0, prompt.tokens - cachedTokens), signal);
      if (result.done !== true) await pace.piece(result.value, signal);
      return result;
    })();
  }

  /** Lets a brain that is a generator run its `finally`, without waiting for one that hangs. */
  dispose(): void {
    try {
      const returned: unknown = this.#iterator.return?.();
      if (returned instanceof Promise) returned.catch(() => undefined);
    } catch {
      // The answer is sent; an error of the brain's clean-up changes nothing.
    }
  }
}

function brainRequest(request: CreateRequest, signal: AbortSignal): BrainRequest {
  const { params, conversation, instructions, tools, toolChoice } = request;
  return {
    model: params.model,
    ...(instructions === null ? {} : { instructions }),
    conversation,
    tools,
    toolChoice,
    parallelToolCalls: params.parallel_tool_calls ?? true,
    reasoning: params.reasoning ?? null,
    text: params.text ?? { format: { type: "text" } },
    maxOutputTokens: params.max_output_tokens ?? null,
    params,
    signal,
  };
}
