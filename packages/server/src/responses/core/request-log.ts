import { defined } from "turnwire/internal";
import type { ResponseUsage, Tool } from "openai/resources/responses/responses";
import type { Clock } from "turnwire/internal";
import type { ResponseInputItem, ResponseOutputItem } from "turnwire/internal";

/** How far a request has come; `rejected`: it was refused before it became a response. */
export type RequestStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled" | "rejected";

/** A request the server received, and what became of it. The fields fill up while it is worked on. */
export interface ReceivedRequest {
  readonly transport: "websocket" | "http";
  /** The `id` of the connection it came over; absent for HTTP. */
  readonly connection?: number;
  /** The lane it named. */
  readonly lane?: string;
  /** The response that was steered, for a request that the server made itself out of the steering input. */
  readonly successorOf?: string;
  /** The event, or the HTTP body, as it was received; of a successor: what the server asked itself for. */
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
  /** What was counted, once the response has come to its end. */
  readonly usage?: ResponseUsage;
  /** The code of the error it ended with. */
  readonly errorCode?: string;
  /** By the server's clock, in milliseconds. */
  readonly receivedAtMs: number;
  /** From when it was taken up to its first output. */
  readonly firstOutputMs?: number;
  /** From its arrival to its end. Absent while it is worked on. */
  readonly durationMs?: number;
  /** Whether a `response.cancel` named its response, whatever the server did about it. */
  readonly cancelRequested: boolean;
}

/** The server's own view of a record. */
export type RequestRecord = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

function newRecord(
  given: Pick<ReceivedRequest, "transport" | "body" | "bytes" | "successorOf" | "receivedAtMs"> & {
    connection?: number;
    lane?: string | undefined;
  },
): RequestRecord {
  const { lane, ...rest } = given;
  return {
    ...rest,
    ...defined({ lane }),
    conversation: [],
    tools: [],
    status: "queued",
    output: [],
    cancelRequested: false,
  };
}

export interface RequestLogOptions {
  /** How many of the latest requests are kept. */
  readonly limit: number;
  readonly clock: Clock;
  /** Told of each request as it comes to its end. */
  readonly onEnd?: ((request: ReceivedRequest) => void) | undefined;
}

/** The latest requests, the oldest first. Older ones are forgotten so that a server can run for ever. */
export class RequestLog {
  readonly entries: RequestRecord[] = [];
  readonly #options: RequestLogOptions;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /** A record of a request that has just come. */
  add(given: Omit<Parameters<typeof newRecord>[0], "receivedAtMs">): RequestRecord {
    const record = newRecord({ ...given, receivedAtMs: this.#options.clock.now() });
    const { limit } = this.#options;
    if (limit <= 0) return record;
    // Dropping a quarter at once keeps the cost of forgetting off most requests.
    if (this.entries.length >= limit) this.entries.splice(0, Math.ceil(limit / 4));
    this.entries.push(record);
    return record;
  }

  /** The request has come to its end, whatever that was. */
  end(record: RequestRecord): void {
    record.durationMs = this.#options.clock.now() - record.receivedAtMs;
    try {
      this.#options.onEnd?.(record);
    } catch {
      // The answer is out: a listener that fails takes nothing with it.
    }
  }

  clear(): void {
    this.entries.length = 0;
  }
}
