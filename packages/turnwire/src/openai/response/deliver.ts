import { defined } from "../../async/index.ts";
import type { Frame } from "../../frames/index.ts";
import { addUsage, type Inference, type InferenceResult } from "../../llm/index.ts";
import type { RawEvent } from "../../protocol/index.ts";
import type { ReadResponse, ResponseReader } from "./response-reader.ts";

/**
 * Reads an event and delivers its frames. The promise, if any, resolves when there is room for more.
 * @throws ProviderError for an `error` event or a failed response.
 */
export function deliver(reader: ResponseReader, event: RawEvent, inference: Inference): void | Promise<void> {
  inference.trace.received();
  if (event.kind === "text") {
    const frame = reader.readText(event);
    return frame === undefined ? undefined : inference.emit(frame);
  }
  const frames = reader.read(event);
  inference.trace.responseId = reader.responseId;
  if (reader.model !== undefined) inference.trace.model = reader.model;
  if (frames.length > 1) return emitInOrder(frames, inference);
  return frames[0] === undefined ? undefined : inference.emit(frames[0]);
}

/** The result of a response that has been read to its end. Adds its usage to the record. */
export function resultOf(
  { usage, functionCalls, incompleteReason }: ReadResponse,
  inference: Inference,
): InferenceResult {
  inference.trace.usage = addUsage(inference.trace.usage, usage);
  return defined({ functionCalls, incompleteReason });
}

async function emitInOrder(frames: readonly Frame[], inference: Inference): Promise<void> {
  for (const frame of frames) await inference.emit(frame);
}
