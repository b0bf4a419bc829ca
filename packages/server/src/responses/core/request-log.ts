import type { ResponseInputItem, ResponseOutputItem, ResponseUsage, Tool } from "openai/resources/responses/responses";
import { type Clock, defined } from "turnwire/internal";

/** How far a request has come. `rejected` requests were refused before they became a response. */
export type RequestStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled" | "rejected";

/** A request and its outcome. The fields are filled in while it is answered. */
export interface ReceivedRequest {
  readonly transport: "websocket" | "http";
  /** The `id` of the connection it came over; absent for HTTP. */
  readonly connection?: number;
  /** The lane it named. */
  readonly lane?: string;
  /** The response that was steered, if the server made this request from the steering input. */
  readonly successorOf?: string;
  /** The event or HTTP body as it was received, or the request that the server made for a successor. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The size of the message, or of the HTTP body. */
  readonly bytes: number;
  /** What the model sees: the whole chain with its outputs, then this input. Empty until the request is started. */
  readonly conversation: readonly ResponseInputItem[];
  readonly instructions?: string;
  /** The tools as they were sent. */
  readonly tools: readonly Tool[];
  /** Absent for a request that was refused. */
  readonly responseId?: string;
  readonly status: RequestStatus;
  readonly output: readonly ResponseOutputItem[];
  /** The usage, once the response has ended. */
  readonly usage?: ResponseUsage;
  /** The code of the error it ended with. */
  readonly errorCode?: string;
  /** By the server's clock, in milliseconds. */
  readonly receivedAtMs: number;
  /** From the start of the work to the first output. */
  readonly firstOutputMs?: number;
  /** From arrival to end. Absent until the request has ended. */
  readonly durationMs?: number;
  /** Whether a `response.cancel` named its response, whatever the server did about it. */
  readonly cancelRequested: boolean;
}

/** The server's own view of a record. */
export type RequestRecord = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** What is known of a request when it comes. */
type Arrived = Pick<ReceivedRequest, "transport" | "connection" | "successorOf" | "body" | "bytes"> & {
  lane?: string | undefined;
};

/** The latest requests, the oldest first. Older ones are forgotten, so that memory stays bounded. */
export class RequestLog {
  readonly entries: RequestRecord[] = [];
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #onEnd: ((request: ReceivedRequest) => void) | undefined;

  /**
   * @param limit How many of the latest requests are kept.
   * @param onEnd Called with each request when it has ended.
   */
  constructor(clock: Clock, limit: number, onEnd: ((request: ReceivedRequest) => void) | undefined) {
    this.#clock = clock;
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** Adds the record of a request that has just come. */
  add({ lane, ...arrived }: Arrived): RequestRecord {
    const record: RequestRecord = {
      ...arrived,
      ...defined({ lane }),
      conversation: [],
      tools: [],
      status: "queued",
      output: [],
      receivedAtMs: this.#clock.now(),
      cancelRequested: false,
    };
    if (this.#limit <= 0) return record;
    // Dropping a quarter at once keeps the cost of forgetting off most requests.
    if (this.entries.length >= this.#limit) this.entries.splice(0, Math.ceil(this.#limit / 4));
    this.entries.push(record);
    return record;
  }

  /** Notes that the request has ended. */
  end(record: RequestRecord): void {
    record.durationMs = this.#clock.now() - record.receivedAtMs;
    try {
      this.#onEnd?.(record);
    } catch {
      // The answer is sent; a listener that fails changes nothing.
    }
  }

  clear(): void {
    this.entries.length = 0;
  }
}
