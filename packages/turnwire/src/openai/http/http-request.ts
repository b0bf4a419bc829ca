import { type Clock, onAbort } from "../../async/index.ts";
import type { LLMContext } from "../../context/index.ts";
import { ProviderError } from "../../errors.ts";
import type { InferenceResult, Inference } from "../../llm/index.ts";
import type { ResponsesCore } from "../core.ts";
import { ProgressWatch } from "../response/progress-timeouts.ts";
import { toProviderError } from "./http-errors.ts";
import { deliver, resultOf } from "../response/deliver.ts";
import { ResponseReader } from "../response/response-reader.ts";
import type { Attempt } from "../retry/index.ts";

/** One attempt at a turn over HTTP: the whole conversation as a request, the answer as server-sent events. */
export async function httpExchange(
  core: ResponsesCore,
  context: LLMContext,
  turn: Inference,
  attempt: Attempt,
  clock: Clock,
): Promise<InferenceResult> {
  const conversation = core.conversationFor(context, turn, attempt);
  const request = { ...core.requestFields(context), input: conversation.wireFrom(0), stream: true as const };
  const body = JSON.stringify(request);
  const bytes = Buffer.byteLength(body);
  const ask = await core.http();
  turn.trace.sending({
    transport: "http",
    mode: "full",
    reason: attempt.reason ?? "nothing-kept",
    itemsSent: conversation.length,
    itemsTotal: conversation.length,
    bytesSent: bytes,
    bytesFull: bytes,
  });
  using watch = new ProgressWatch(core.progressLimits(attempt), turn, clock);
  // Who reads the events is given a signal once; the watch's may be disposed of before they have been left.
  const controller = new AbortController();
  onAbort(watch.signal, (reason) => controller.abort(reason));
  const reader = new ResponseReader();
  try {
    for await (const event of await ask({ request, body }, controller.signal)) {
      const accepted = deliver(reader, event, turn);
      if (accepted !== undefined) await accepted;
      if (reader.result !== undefined) return resultOf(reader.result, turn);
      watch.touch();
    }
    controller.signal.throwIfAborted();
  } catch (error) {
    throw toProviderError(error, controller.signal);
  }
  throw new ProviderError("connection_closed", "the event stream ended before the response did", { retryable: true });
}
