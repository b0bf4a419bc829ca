import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import { checkValue } from "turnwire/internal";
import { whole } from "../../kit/index.ts";
import type { Prefix } from "./prompt-cache.ts";

/** A completed response, as far as the next request of its chain needs it. */
export interface CompletedResponse {
  readonly id: string;
  /** What the model saw, and what it answered. */
  readonly conversation: readonly ResponseInputItem[];
  /** The prompt that is, and how long. */
  readonly prompt: Prefix;
  readonly instructions: string | null;
}

/** A stored response, with what is needed to continue it. */
export interface StoredResponse {
  readonly response: Response;
  /** The items of its own request. */
  readonly input: readonly ResponseInputItem[];
  readonly completed: CompletedResponse;
  /** Who stored it; others do not find it. Empty if the server needs no keys. */
  readonly owner: string;
}

/** Where responses with `store: true` are kept. */
export interface ResponseStore {
  get(id: string): StoredResponse | undefined;
  put(stored: StoredResponse): void;
  /** Returns whether there was one. */
  delete(id: string): boolean;
  close(): void;
}

/** Keeps the latest responses in memory. */
export class MemoryStore implements ResponseStore {
  readonly #limit: number;
  readonly #responses = new Map<string, StoredResponse>();

  /** @param limit How many are kept. Default: 1 000. */
  constructor(limit = 1_000) {
    checkValue(limit, "limit", whole(0));
    this.#limit = limit;
  }

  get(id: string): StoredResponse | undefined {
    return this.#responses.get(id);
  }

  put(stored: StoredResponse): void {
    const { id } = stored.response;
    this.#responses.delete(id);
    this.#responses.set(id, stored);
    for (const oldest of this.#responses.keys()) {
      if (this.#responses.size <= this.#limit) return;
      this.#responses.delete(oldest);
    }
  }

  delete(id: string): boolean {
    return this.#responses.delete(id);
  }

  close(): void {
    this.#responses.clear();
  }
}
