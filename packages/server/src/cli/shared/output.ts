/** A stream that is printed to, until nobody reads it any more. */
export class Output {
  /** Fires when nothing more can be printed: mostly because the other end is closed, as `head` does. */
  readonly closed: AbortSignal;
  readonly stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; writableLength?: number };

  constructor(stream: Output["stream"]) {
    const controller = new AbortController();
    this.closed = controller.signal;
    this.stream = stream;
    // Unheard, the event would end the process with a stack.
    stream.on("error", (error) => controller.abort(error));
  }

  /** Why nothing more can be printed, where it is not just that nobody reads any more. */
  get brokenBy(): Error | undefined {
    const reason: unknown = this.closed.reason;
    const isError = this.closed.aborted && reason instanceof Error;
    return isError && !("code" in reason && reason.code === "EPIPE") ? reason : undefined;
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** How many characters or bytes wait for a reader who does not keep up. */
  get backlog(): number {
    return this.closed.aborted ? 0 : (this.stream.writableLength ?? 0);
  }

  write(text: string): void {
    if (!this.closed.aborted) this.stream.write(text);
  }
}
