import type { Clock } from "../../async/index.ts";
import { TurnwireError } from "../../errors.ts";
import type { Inference, InferenceResult, RetryReason } from "../../llm/index.ts";
import type { HttpTarget } from "../endpoint.ts";
import type { Conversation, RequestFields } from "../request/index.ts";
import { deliver, type ProgressLimits, ProgressWatch, ResponseReader, resultOf } from "../response/index.ts";
import { readEvents } from "./event-stream.ts";
import { post } from "./http-request.ts";

export interface HttpInferenceOptions {
  target: HttpTarget;
  fields: RequestFields;
  conversation: Conversation;
  /** Why the attempt before failed. */
  reason: RetryReason | undefined;
  limits: ProgressLimits;
  clock: Clock;
}

/** One attempt at an inference over HTTP: the whole conversation in a request, answered with server-sent events. */
export async function inferOverHttp(inference: Inference, options: HttpInferenceOptions): Promise<InferenceResult> {
  const { conversation, target } = options;
  const body = JSON.stringify({ ...options.fields, input: conversation.wireFrom(0), stream: true });
  const bytes = Buffer.byteLength(body);
  inference.trace.sending({
    transport: "http",
    mode: "full",
    reason: options.reason ?? "nothing-kept",
    itemsSent: conversation.length,
    itemsTotal: conversation.length,
    bytesSent: bytes,
    bytesFull: bytes,
  });
  using watch = new ProgressWatch(options.limits, inference, options.clock);
  const reader = new ResponseReader();
  const response = await post(target, body, "text/event-stream", watch.signal);
  for await (const event of readEvents(response, watch.signal)) {
    const accepted = deliver(reader, event, inference);
    if (accepted !== undefined) await accepted;
    if (reader.result !== undefined) return resultOf(reader.result, inference);
    watch.touch();
  }
  watch.signal.throwIfAborted();
  throw new TurnwireError("connection_closed", "the event stream ended before the response did", { retryable: true });
}
