import { onAbort } from "./waiting.ts";

/** Lets callers wait until something holds. Whoever changes what they wait for calls `notify`. */
export class Condition {
  readonly #checks = new Set<() => void>();

  /**
   * Resolves as soon as `holds` returns true: at once, or at a `notify`. One `notify` resolves all whose condition holds
   * at that moment, so a caller that competes with others for the same thing has to look again.
   * @throws The signal's reason, when it fires first.
   */
  wait(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    if (holds()) return Promise.resolve();
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!holds()) return;
        this.#checks.delete(check);
        removeListener();
        resolve();
      };
      this.#checks.add(check);
      const removeListener = onAbort(signal, (reason) => {
        this.#checks.delete(check);
        reject(reason);
      });
    });
  }

  /** Resolves the waits whose condition holds now. */
  notify(): void {
    if (this.#checks.size === 0) return;
    for (const check of this.#checks) check();
  }
}
