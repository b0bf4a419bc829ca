import { type AudioFormat, bytesForMs, bytesPerFrame } from "turnwire/internal";
import { InvalidArgumentError, kindOf } from "turnwire/internal";

/** The number, or the default when there is none. */
export function numberOption(
  field: string,
  value: number | undefined,
  options: { default: number; min?: number; more?: boolean },
): number {
  const { default: fallback, min = 0, more = false } = options;
  if (value === undefined) return fallback;
  if (typeof value === "number" && (more ? value > min : value >= min)) return value;
  const range = more ? `more than ${min}` : `at least ${min}`;
  throw new InvalidArgumentError(field, `must be a number of ${range}, not ${kindOf(value)}`);
}

/** How many bytes `chunkMs` of audio are. */
export function chunkBytes(chunkMs: number, format: AudioFormat): number {
  const bytes = bytesForMs(chunkMs, format);
  if (bytes >= bytesPerFrame(format) && bytes < Infinity) return bytes;
  throw new InvalidArgumentError("chunkMs", `must be long enough for a sample, not ${kindOf(chunkMs)}`);
}
