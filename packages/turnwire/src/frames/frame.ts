let created = 0;

/** What flows through a pipeline. Frames are not changed once they are pushed. */
export abstract class Frame {
  /** Unique within the process, rising in the order of creation. */
  readonly id: number = ++created;

  /** Whether the frame stays when an interruption empties a queue, and whether work on it is left alone. */
  get uninterruptible(): boolean {
    return false;
  }

  /** The class and number, for logs: never the content. */
  toString(): string {
    return `${this.constructor.name}#${this.id}`;
  }
}

/** Overtakes data and control frames, and is handled at once. */
export abstract class SystemFrame extends Frame {}

/** Carries content, in order. */
export abstract class DataFrame extends Frame {}

/** Says something about the content around it, in order with it. */
export abstract class ControlFrame extends Frame {}
