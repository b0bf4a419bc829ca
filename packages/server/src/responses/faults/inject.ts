import type { Clock } from "turnwire/internal";
import { ResponsesApiError } from "../api-error.ts";
import type { ErrorShape } from "../error-shapes.ts";
import type { Fault } from "./fault.ts";

/** What a fault can do to the connection of a request. */
export interface FaultTarget {
  close(code: number, reason: string): void;
  /** Cuts the connection off without a close frame. */
  reset(): void;
  /** Neither reads nor writes any more. */
  freeze(): void;
  /** Sends a text as it is. */
  raw(text: string): void;
  /** Forgets the responses that could be continued. */
  evict(): void;
  /** Sends an error of the response in a shape of choice. */
  error(error: ResponsesApiError, shape: ErrorShape, response: object | undefined): void;
}

/** What faults of one request need. */
export interface FaultScope {
  readonly on: FaultTarget;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type ErrorFault = Extract<Fault, { fault: "error" }>;

/** Injects a fault that does the same at every stage; others are left alone. */
export function injectIntoTransport(fault: Fault, on: FaultTarget): void {
  switch (fault.fault) {
    case "close":
      return on.close(fault.code ?? 1011, fault.reason ?? "");
    case "reset":
      return on.reset();
    case "half-open":
      return on.freeze();
    case "garbage":
      return on.raw(fault.text ?? "this is no event {");
    case "evict":
      return on.evict();
    default:
  }
}

export function injectError(fault: ErrorFault, on: FaultTarget, response?: object): void {
  on.error(errorOf(fault), fault.shape ?? "wrapped", response);
}

function errorOf(fault: ErrorFault): ResponsesApiError {
  const { status = 500, code, message = "A fault was asked for here.", param, retryAfterMs } = fault;
  const headers = retryAfterMs === undefined ? {} : { headers: { "retry-after-ms": String(retryAfterMs) } };
  return new ResponsesApiError({
    status,
    message,
    code: code ?? (status >= 500 ? "server_error" : null),
    param: param ?? null,
    ...(status === 429 ? { type: "too_many_requests" } : {}),
    ...headers,
  });
}
