/** The cancels that were sent on a connection, and whether the server honours them. */
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
    // A server that reports nothing left to cancel honours cancels.
    this.#areRefused ||= code !== "response_not_active";
  }
}
