import { InvalidArgumentError, kindOf } from "../errors.ts";

let created = 0;

/** Tells a frame of another copy of this package from anything else, for the error message. */
const marker = Symbol.for("turnwire.frame");

/** A piece of what flows through a pipeline. A frame is not changed after it was pushed. */
export abstract class Frame {
  /** Unique in the process, and rising in the order of creation. */
  readonly id: number = ++created;

  /** Whether an interruption leaves the frame in its queue, and does not abort the work on it. */
  get uninterruptible(): boolean {
    return false;
  }

  /** The class and the number, for logs. Never the content. */
  toString(): string {
    return `${this.constructor.name}#${this.id}`;
  }
}

/** A frame that overtakes data and control frames and is handled at once. */
export abstract class SystemFrame extends Frame {}

/** A frame with content. Keeps its order. */
export abstract class DataFrame extends Frame {}

/** A frame about the content around it. Keeps its order. */
export abstract class ControlFrame extends Frame {}

Object.defineProperty(Frame.prototype, marker, { value: true });

/** @throws InvalidArgumentError for a value that is not a frame of this copy of the package. */
export function checkFrame(value: unknown, field = "frame"): asserts value is Frame {
  if (value instanceof Frame) return;
  const isForeign = typeof value === "object" && value !== null && Reflect.get(value, marker) === true;
  const got = isForeign ? "a Frame of another copy of turnwire; install one version of it" : kindOf(value);
  throw new InvalidArgumentError(field, `expected a Frame, got ${got}`);
}
