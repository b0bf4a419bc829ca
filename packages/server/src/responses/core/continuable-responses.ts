import type { Lane } from "./lane-scheduler.ts";
import type { CompletedResponse } from "./response-store.ts";

/** The responses that requests of one connection can continue. */
export class ContinuableResponses {
  readonly #keeps: "latest-of-lane" | number;
  readonly #responses = new Map<string, { lane: Lane; response: CompletedResponse }>();

  constructor(keeps: "latest-of-lane" | number) {
    this.#keeps = keeps;
  }

  find(id: string): CompletedResponse | undefined {
    return this.#responses.get(id)?.response;
  }

  /** Keeps the latest response of a lane, and drops those that there is no room for. */
  put(lane: Lane, response: CompletedResponse): void {
    if (this.#keeps === "latest-of-lane") this.leave(lane);
    this.#responses.delete(response.id);
    this.#responses.set(response.id, { lane, response });
    if (this.#keeps === "latest-of-lane") return;
    for (const id of this.#responses.keys()) {
      if (this.#responses.size <= this.#keeps) return;
      this.#responses.delete(id);
    }
  }

  /** Drops the lane's responses. */
  leave(lane: Lane): void {
    for (const [id, kept] of this.#responses) if (kept.lane === lane) this.#responses.delete(id);
  }

  /** Drops the parent of a continuation that failed on the same lane; a fork from another lane keeps it. */
  evictParent(lane: Lane, id: unknown): void {
    if (typeof id === "string" && this.#responses.get(id)?.lane === lane) this.#responses.delete(id);
  }

  clear(): void {
    this.#responses.clear();
  }
}
