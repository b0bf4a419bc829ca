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

type Of<K extends Fault["fault"]> = Extract<Fault, { fault: K }>;

/** The faults that do the same at every stage. */
const onTransport: {
  [K in "close" | "reset" | "half-open" | "garbage" | "evict"]: (fault: Of<K>, on: FaultTarget) => void;
} = {
  close: ({ code = 1011, reason = "" }, on) => on.close(code, reason),
  reset: (_fault, on) => on.reset(),
  "half-open": (_fault, on) => on.freeze(),
  garbage: ({ text = "this is no event {" }, on) => on.raw(text),
  evict: (_fault, on) => on.evict(),
};

export function injectIntoTransport(fault: Fault, on: FaultTarget): void {
  if (!(fault.fault in onTransport)) return;
  (onTransport[fault.fault as keyof typeof onTransport] as (fault: Fault, on: FaultTarget) => void)(fault, on);
}

export function injectError(fault: Of<"error">, on: FaultTarget, response?: object): void {
  on.error(errorOf(fault), fault.shape ?? "wrapped", response);
}

function errorOf(fault: Of<"error">): ResponsesApiError {
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
