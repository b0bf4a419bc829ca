import { BoundedQueue, onAbort } from "../async/index.ts";
import { type Frame, LLMFullResponseEndFrame } from "../frames/index.ts";
import type { FrameSink } from "./turn.ts";

const capacity = 256;
const endOfStream = Symbol("end of stream");

/**
 * Runs a producer of frames and gives them one by one to who iterates. A slow consumer slows the producer. When the
 * signal fires, what has not been taken yet is dropped, except uninterruptible frames; leaving the loop fires it for the
 * producer. The stream ends when the producer has ended, with its error if it failed.
 *
 * @param onLeft Given the uninterruptible frames that were not taken by who left the loop.
 */
export async function* frameStream(
  produce: (sink: FrameSink, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal | undefined,
  onLeft: (frame: Frame) => void = () => undefined,
): AsyncGenerator<Frame, void, undefined> {
  const controller = new AbortController();
  const queue = new BoundedQueue<Frame>({ capacity });
  let cutShort = false;
  const interrupt = (reason: unknown): void => {
    if (queue.purge((frame) => frame.uninterruptible) > 0) cutShort = true;
    controller.abort(reason);
  };
  const removeListener = onAbort(signal, interrupt);
  const sink: FrameSink = (frame) => {
    queue.push(frame);
    if (!queue.isFull || controller.signal.aborted) return undefined;
    return queue.space(controller.signal).catch(() => undefined);
  };
  const producer = produce(sink, controller.signal).then(
    () => queue.close(endOfStream),
    (error: unknown) => queue.close(error),
  );
  try {
    for (;;) yield marked(queue.poll() ?? (await queue.pull()), cutShort);
  } catch (error) {
    if (error !== endOfStream) throw error;
  } finally {
    removeListener();
    interrupt(new DOMException("the consumer stopped", "AbortError"));
    await producer;
    for (let frame = queue.poll(); frame !== undefined; frame = queue.poll()) onLeft(marked(frame, cutShort));
  }
}

/** The model may have finished what its consumer was not given the whole of. */
function marked(frame: Frame, cutShort: boolean): Frame {
  if (!cutShort || !(frame instanceof LLMFullResponseEndFrame)) return frame;
  const { incompleteReason } = frame;
  return new LLMFullResponseEndFrame({
    interrupted: true,
    ...(incompleteReason === undefined ? {} : { incompleteReason }),
  });
}
