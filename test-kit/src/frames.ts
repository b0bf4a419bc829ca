import { type Frame, LLMFullResponseEndFrame, LLMFullResponseStartFrame, TextFrame } from "turnwire";

export async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** The frames up to the end or the error, and the error. */
export async function collectWithError(frames: AsyncIterable<Frame>): Promise<{ frames: Frame[]; error: unknown }> {
  const all: Frame[] = [];
  try {
    for await (const frame of frames) all.push(frame);
  } catch (error) {
    return { frames: all, error };
  }
  return { frames: all, error: undefined };
}

export function textOf(frames: readonly Frame[]): string {
  return frames.map((frame) => (frame instanceof TextFrame ? frame.text : "")).join("");
}

export function endsOf(frames: readonly Frame[]): LLMFullResponseEndFrame[] {
  return frames.filter((frame) => frame instanceof LLMFullResponseEndFrame);
}

/** The only end frame; throws unless there is exactly one. */
export function endOf(frames: readonly Frame[]): LLMFullResponseEndFrame {
  const [end, ...others] = endsOf(frames);
  if (end === undefined || others.length > 0) throw new Error(`expected one end frame, got ${endsOf(frames).length}`);
  return end;
}

/** Checks that the frames are whole responses, one after the other; returns a sentence for each flaw. */
export function bracketFlaws(frames: readonly Frame[]): string[] {
  const flaws: string[] = [];
  let open = false;
  for (const [index, frame] of frames.entries()) {
    if (frame instanceof LLMFullResponseStartFrame) {
      if (open) flaws.push(`frames[${index}] begins a response within another`);
      open = true;
    } else if (frame instanceof LLMFullResponseEndFrame) {
      if (!open) flaws.push(`frames[${index}] ends a response that was not begun`);
      open = false;
    } else if (frame instanceof TextFrame && !open) flaws.push(`frames[${index}] is text outside of a response`);
  }
  if (open) flaws.push("the last response does not end");
  return flaws;
}
