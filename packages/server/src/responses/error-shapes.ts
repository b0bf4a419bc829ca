import { errorEvent, type ResponsesApiError } from "./api-error.ts";

interface ShapeContext {
  /** How many events of the response were sent; 0 if it never began. */
  readonly sent: number;
  /** The response that the error ends, as it was last sent. */
  readonly response?: object | undefined;
}

type Shaper = (error: ResponsesApiError, context: ShapeContext) => object;

/**
 * The shapes in which servers send errors over a WebSocket; `docs/faults.md` has the source of each.
 * `wrapped` is the API's own.
 */
const shapers = {
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
} satisfies Readonly<Record<string, Shaper>>;

export type ErrorShape = keyof typeof shapers;
export const errorShapes = Object.keys(shapers) as readonly ErrorShape[];

/** The event that reports the error, still without its lane. */
export function shapeError(shape: ErrorShape, error: ResponsesApiError, context: ShapeContext): object {
  const shaper: Shaper = shapers[shape];
  return shaper(error, context);
}

function numbered(sent: number): { sequence_number?: number } {
  return sent === 0 ? {} : { sequence_number: sent };
}
