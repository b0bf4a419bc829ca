import type { Tool } from "openai/resources/responses/responses";
import type { ResponseInputItem, ResponseOutputItem } from "../../protocol/index.ts";

/** How far a request has come; `rejected`: it was refused before it became a response. */
export type RequestStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled" | "rejected";

/** A request the server received, and what became of it. The fields fill up while it is worked on. */
export interface ReceivedRequest {
  readonly transport: "websocket" | "http";
  /** The `id` of the connection it came over; absent for HTTP. */
  readonly connection?: number;
  /** The lane it named. */
  readonly lane?: string;
  /** The event, or the HTTP body, as it was received. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The size of the message, or of the HTTP body. */
  readonly bytes: number;
  /** What the model was shown: the whole chain with the outputs in between, then this input. Empty until it is started. */
  readonly conversation: readonly ResponseInputItem[];
  readonly instructions?: string;
  /** The tools as they were sent. */
  readonly tools: readonly Tool[];
  /** Absent for a request that was refused. */
  readonly responseId?: string;
  readonly status: RequestStatus;
  readonly output: readonly ResponseOutputItem[];
  /** Whether a `response.cancel` named its response, whatever the server did about it. */
  readonly cancelRequested: boolean;
}

/** The server's own view of a record. */
export type RequestRecord = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

export function newRecord(
  given: Pick<ReceivedRequest, "transport" | "body" | "bytes"> & { connection?: number; lane?: string | undefined },
): RequestRecord {
  const { lane, ...rest } = given;
  return {
    ...rest,
    ...(lane === undefined ? {} : { lane }),
    conversation: [],
    tools: [],
    status: "queued",
    output: [],
    cancelRequested: false,
  };
}

/** The latest requests, the oldest first. Older ones are forgotten so that a server can run for ever. */
export class RequestLog {
  readonly entries: RequestRecord[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(record: RequestRecord): void {
    if (this.#limit <= 0) return;
    // Dropping a quarter at once keeps the cost of forgetting off most requests.
    if (this.entries.length >= this.#limit) this.entries.splice(0, Math.ceil(this.#limit / 4));
    this.entries.push(record);
  }

  clear(): void {
    this.entries.length = 0;
  }
}
