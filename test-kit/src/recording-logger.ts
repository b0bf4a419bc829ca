import type { Logger } from "turnwire/internal";

export interface LogEntry {
  message: string;
  details: Record<string, unknown> | undefined;
}

/** A logger that keeps its entries. A warning that a test did not ask for is a failure: compare `warnings` with `[]`. */
export class RecordingLogger implements Logger {
  readonly debugs: LogEntry[] = [];
  readonly warnings: LogEntry[] = [];

  /** The warnings without their details. */
  get warned(): string[] {
    return this.warnings.map(({ message }) => message);
  }

  debug(message: string, details?: Record<string, unknown>): void {
    this.debugs.push({ message, details });
  }

  warn(message: string, details?: Record<string, unknown>): void {
    this.warnings.push({ message, details });
  }
}
