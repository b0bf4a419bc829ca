import type { Logger } from "turnwire/internal";

interface Entry {
  message: string;
  details: Record<string, unknown> | undefined;
}

/** A logger that keeps what it is told. */
export class RecordingLogger implements Logger {
  readonly debugs: Entry[] = [];
  readonly warnings: Entry[] = [];

  debug(message: string, details?: Record<string, unknown>): void {
    this.debugs.push({ message, details });
  }

  warn(message: string, details?: Record<string, unknown>): void {
    this.warnings.push({ message, details });
  }
}
