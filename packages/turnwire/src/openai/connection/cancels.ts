/** The cancels of a connection, and what the server thinks of them. */
export class Cancels {
  readonly #unanswered = new Set<string>();
  #areRefused = false;

  /** Whether the server has answered that it does not cancel. */
  get areRefused(): boolean {
    return this.#areRefused;
  }

  /** The responses that a cancel was sent for and not answered, the oldest first. */
  get unanswered(): readonly string[] {
    return [...this.#unanswered];
  }

  onSent(responseId: string): void {
    this.#unanswered.add(responseId);
  }

  /** An error answers the cancel of a response. Each cancel is answered once. */
  onRefused(responseId: string | undefined, code: string | undefined): void {
    if (responseId !== undefined) this.#unanswered.delete(responseId);
    // A server that finds nothing left to cancel does cancel.
    this.#areRefused ||= code !== "response_not_active";
  }
}
