/** A stream to print to until its reader is gone. */
export class Output {
  /** Fires when nothing more can be printed, mostly because the reader has closed its end, as `head` does. */
  readonly closed: AbortSignal;
  readonly stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number; writableLength?: number };

  constructor(stream: Output["stream"]) {
    const controller = new AbortController();
    this.closed = controller.signal;
    this.stream = stream;
    // Without a listener the event would end the process with a stack.
    stream.on("error", (error) => controller.abort(error));
  }

  /** Why nothing more can be printed, unless the reader is just gone. */
  get brokenBy(): Error | undefined {
    const reason: unknown = this.closed.reason;
    const isError = this.closed.aborted && reason instanceof Error;
    return isError && !("code" in reason && reason.code === "EPIPE") ? reason : undefined;
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** How many characters or bytes wait for a slow reader. */
  get backlog(): number {
    return this.closed.aborted ? 0 : (this.stream.writableLength ?? 0);
  }

  write(text: string): void {
    if (!this.closed.aborted) this.stream.write(text);
  }
}
