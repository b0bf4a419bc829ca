import { withoutKeys } from "turnwire/internal";
import type { ReceivedRequest } from "../../responses/index.ts";

/** A request that has ended, as it is shown and logged. It holds no text. */
export type RequestEntry = Readonly<ReturnType<typeof entryOf>>;

/** @param nowMs The time of its end, by `Date.now()`. */
export function entryOf(request: ReceivedRequest, nowMs: number) {
  const { transport, connection, lane, body, bytes, conversation, usage, status, responseId } = request;
  const durationMs = request.durationMs ?? 0;
  return {
    type: "request" as const,
    receivedAt: new Date(nowMs - durationMs).toISOString(),
    transport,
    connection: connection ?? null,
    lane: lane ?? null,
    model: wireText(body["model"]),
    mode: modeOf(request),
    responseId: responseId ?? null,
    itemsSent: itemCount(body["input"]),
    /** Null for a request that was refused before its conversation was known. */
    itemsTotal: conversation.length === 0 ? null : conversation.length,
    bytes,
    inputTokens: usage?.input_tokens ?? null,
    cachedTokens: usage?.input_tokens_details.cached_tokens ?? null,
    outputTokens: usage?.output_tokens ?? null,
    firstOutputMs: request.firstOutputMs === undefined ? null : rounded(request.firstOutputMs),
    durationMs: rounded(durationMs),
    status,
    errorCode: wireText(request.errorCode),
  };
}

/** `steered`: the server made the request out of steering input. */
function modeOf({ body, successorOf }: ReceivedRequest): "full" | "incremental" | "warm-up" | "steered" {
  if (successorOf !== undefined) return "steered";
  if (body["generate"] === false) return "warm-up";
  return typeof body["previous_response_id"] === "string" ? "incremental" : "full";
}

function itemCount(input: unknown): number {
  if (Array.isArray(input)) return input.length;
  return typeof input === "string" ? 1 : 0;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** A name that came from outside, shortened and without anything that looks like a key. */
function wireText(value: unknown): string | null {
  return typeof value === "string" ? withoutKeys(value.slice(0, 256)) : null;
}
