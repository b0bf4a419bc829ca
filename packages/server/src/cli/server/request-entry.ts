import { withoutKeys } from "turnwire/internal";
import type { ReceivedRequest, RequestStatus } from "../../responses/index.ts";

/** A request that has ended, as it is shown and logged. It holds no text. */
export interface RequestEntry {
  readonly type: "request";
  readonly receivedAt: string;
  readonly transport: "websocket" | "http";
  readonly connection: number | null;
  readonly lane: string | null;
  readonly model: string | null;
  /** `steered`: the server made it out of steering input. */
  readonly mode: "full" | "incremental" | "warm-up" | "steered";
  readonly responseId: string | null;
  readonly itemsSent: number;
  /** Null for a request that was refused before its conversation was known. */
  readonly itemsTotal: number | null;
  readonly bytes: number;
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
  readonly firstOutputMs: number | null;
  readonly durationMs: number;
  readonly status: RequestStatus;
  readonly errorCode: string | null;
}

/** @param nowMs The time of its end, by `Date.now()`. */
export function entryOf(request: ReceivedRequest, nowMs: number): RequestEntry {
  const { transport, connection, lane, body, bytes, conversation, usage, status, responseId } = request;
  const durationMs = request.durationMs ?? 0;
  return {
    type: "request",
    receivedAt: new Date(nowMs - durationMs).toISOString(),
    transport,
    connection: connection ?? null,
    lane: lane ?? null,
    model: wireText(body["model"]),
    mode: modeOf(request),
    responseId: responseId ?? null,
    itemsSent: itemCount(body["input"]),
    itemsTotal: conversation.length === 0 ? null : conversation.length,
    bytes,
    inputTokens: usage?.input_tokens ?? null,
    cachedTokens: usage?.input_tokens_details.cached_tokens ?? null,
    outputTokens: usage?.output_tokens ?? null,
    firstOutputMs: rounded(request.firstOutputMs),
    durationMs: rounded(durationMs) ?? 0,
    status,
    errorCode: wireText(request.errorCode),
  };
}

function modeOf({ body, successorOf }: ReceivedRequest): RequestEntry["mode"] {
  if (successorOf !== undefined) return "steered";
  if (body["generate"] === false) return "warm-up";
  return typeof body["previous_response_id"] === "string" ? "incremental" : "full";
}

function itemCount(input: unknown): number {
  if (Array.isArray(input)) return input.length;
  return typeof input === "string" ? 1 : 0;
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}

/** A name that came from outside, shortened and without anything that looks like a key. */
function wireText(value: unknown): string | null {
  return typeof value === "string" ? withoutKeys(value.slice(0, 256)) : null;
}
