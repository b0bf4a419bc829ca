import type { Random } from "../world/random.ts";
import { secret } from "../laws/secret.ts";

/** An error with which the server answers a request. */
export interface ServerError {
  code: string;
  status: number;
  message: string;
  param?: string;
  retryAfterS?: number;
  /** The server has generated nothing, and a retry repairs the error: a client must not fail at the first one. */
  mendable?: boolean;
  /** The server is busy: a client that waits and retries gets an answer. */
  busy?: boolean;
}

export const errorShapes = ["wrapped", "flat", "status_code", "untyped", "message", "detail", "string"] as const;

/** The forms in which real servers send an error. */
export type ErrorShape = (typeof errorShapes)[number];

export const notFound: ServerError = {
  code: "previous_response_not_found",
  status: 400,
  message: "Previous response with id 'resp' not found.",
  param: "previous_response_id",
  mendable: true,
};

export const connectionLimit: ServerError = {
  code: "websocket_connection_limit_reached",
  status: 400,
  message: "Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
  mendable: true,
};

const requestErrors: ReadonlyArray<readonly [number, ServerError]> = [
  [3, notFound],
  [2, connectionLimit],
  [
    1,
    {
      code: "rate_limit_exceeded",
      status: 429,
      message: "Rate limit reached, try again in 2s.",
      retryAfterS: 2,
      busy: true,
    },
  ],
  [1, { code: "server_is_overloaded", status: 503, message: "The server is overloaded.", busy: true }],
  [1, { code: "server_error", status: 500, message: "The server had an error.", busy: true }],
  [0.5, { code: "context_length_exceeded", status: 400, message: "The context is too long.", param: "input" }],
  [0.5, { code: "insufficient_quota", status: 429, message: "You exceeded your current quota." }],
  [0.5, { code: "invalid_api_key", status: 401, message: `Incorrect API key provided: ${secret}.` }],
  [0.5, { code: "", status: 400, message: "" }],
];

/** Draws an error that ends a request before it becomes a response. */
export function drawRequestError(random: Random): ServerError {
  return random.weighted(requestErrors);
}

const failures: readonly ServerError[] = [
  { code: "server_error", status: 500, message: "The model had an error.", busy: true },
  { code: "rate_limit_exceeded", status: 429, message: "Rate limit reached.", retryAfterS: 1, busy: true },
  { code: "", status: 500, message: "" },
];

/** Draws an error that ends a response before it is complete. */
export function drawFailure(random: Random): ServerError {
  return random.pick(failures);
}

/** Whether a client can read the error's code from this form. */
export function saysItsCode(error: ServerError, shape: ErrorShape): boolean {
  if (shape === "message") return error.mendable === true;
  return error.code !== "" && shape !== "detail" && shape !== "string";
}

/** Builds an `error` event or, for shapes without a type, the message that some servers send instead. */
export function errorEvent(error: ServerError, shape: ErrorShape): Record<string, unknown> {
  const { code, message, status, param, retryAfterS } = error;
  const headers = retryAfterS === undefined ? {} : { headers: { "retry-after": String(retryAfterS) } };
  const inner = { type: "invalid_request_error", code, message, param: param ?? null };
  switch (shape) {
    case "wrapped":
      return { type: "error", status, error: inner, ...headers };
    case "flat":
      return { type: "error", code, message, param: param ?? null, sequence_number: 0 };
    case "status_code":
      return { type: "error", status_code: status, error: { code, message } };
    case "untyped":
      return { error: { code, message, status } };
    case "message":
      return { type: "error", message: code === "" ? "" : messageOnly(error) };
    case "detail":
      return { type: "error", error: { detail: message } };
    case "string":
      return { type: "error", error: message };
  }
}

function messageOnly(error: ServerError): string {
  return error.code === notFound.code ? "Invalid previous_response_id." : error.message;
}
