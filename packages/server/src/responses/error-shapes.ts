import { errorEvent, type ResponsesApiError } from "./api-error.ts";

/**
 * The shapes in which servers send errors over a WebSocket; `docs/faults.md` has the source of each.
 * `wrapped` is the API's own.
 */
export const errorShapes = [
  "wrapped",
  "flat",
  "untyped",
  "string",
  "detail",
  "status_code",
  "message",
  "empty",
  "failed",
] as const;

export type ErrorShape = (typeof errorShapes)[number];

interface ShapeContext {
  /** How many events of the response were sent; 0 if it never began. */
  readonly sent: number;
  /** The response that the error ends, as it was last sent. */
  readonly response?: object | undefined;
}

type Shaper = (error: ResponsesApiError, context: ShapeContext) => object;

const shapers: Readonly<Record<ErrorShape, Shaper>> = {
  wrapped: (error, { sent }) => ({ ...errorEvent(error), ...numbered(sent) }),
  flat: ({ body: { code, message, param } }, { sent }) => ({
    type: "error",
    code,
    message,
    param,
    sequence_number: sent,
  }),
  // xAI, as captured in anomalyco/opencode#48227.
  untyped: ({ message }) => ({ error: { message, type: "api_error" } }),
  string: ({ message, status }) => ({ type: "error", status, error: message }),
  detail: ({ message, status }) => ({ type: "error", status, error: { detail: message } }),
  status_code: (error) => {
    const { status, ...rest } = errorEvent(error);
    return { ...rest, status_code: status };
  },
  message: ({ body: { message, type }, status }) => ({ type: "error", status, error: { type, message } }),
  empty: () => ({ type: "error", error: { code: "", message: "" } }),
  failed: ({ body: { code, message } }, { sent, response }) => ({
    type: "response.failed",
    response: {
      id: "resp_0",
      object: "response",
      output: [],
      ...response,
      status: "failed",
      error: { code: code ?? "server_error", message },
    },
    sequence_number: sent,
  }),
};

/** The event that reports the error, still without its lane. */
export function shapeError(shape: ErrorShape, error: ResponsesApiError, context: ShapeContext): object {
  return shapers[shape](error, context);
}

function numbered(sent: number): { sequence_number?: number } {
  return sent === 0 ? {} : { sequence_number: sent };
}
