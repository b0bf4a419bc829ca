import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { TurnwireError } from "turnwire/internal";

export interface ResponsesApiErrorInit {
  /** The HTTP status; over a WebSocket it is the `status` field of the `error` event. */
  status: number;
  message: string;
  code?: string | null;
  /** Default: `invalid_request_error` below 500, `server_error` from there on. */
  type?: string;
  /** The request field at fault, such as `input[2].type`. */
  param?: string | null;
  /** Sent as HTTP headers, and as `error.headers` over a WebSocket: `retry-after` for one. */
  headers?: Record<string, string>;
}

/** The error fields of the API: the `error` object of an HTTP error body and of a wrapped `error` event. */
export interface ApiErrorBody {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** An error in the shape of the Responses API. If a brain throws one, the server answers with it. */
export class ResponsesApiError extends TurnwireError {
  readonly status: number;
  readonly body: Readonly<ApiErrorBody>;
  readonly headers?: Readonly<Record<string, string>>;

  constructor(init: ResponsesApiErrorInit) {
    super(init.code ?? "api_error", init.message);
    this.status = init.status;
    this.body = {
      message: init.message,
      type: init.type ?? (init.status >= 500 ? "server_error" : "invalid_request_error"),
      param: init.param ?? null,
      code: init.code ?? null,
    };
    if (init.headers !== undefined) this.headers = init.headers;
  }
}

/** An `error` event in the wrapped shape of WebSocket mode. */
export function errorEvent(error: ResponsesApiError): ResponsesServerEvent.ResponseWsError {
  const headers = error.headers === undefined ? {} : { headers: { ...error.headers } };
  return { type: "error", status: error.status, error: { ...error.body, ...headers } };
}

/** A 400 that names the field at fault. */
export function invalidRequest(param: string | null, message: string, code: string | null = null): ResponsesApiError {
  return new ResponsesApiError({ status: 400, message, param, code });
}

export function missingParameter(param: string): ResponsesApiError {
  return invalidRequest(param, `Missing required parameter: '${param}'.`, "missing_required_parameter");
}

export function missingInput(): ResponsesApiError {
  const message = 'One of "input" or "previous_response_id" must be provided.';
  return invalidRequest("input", message, "missing_required_parameter");
}

export function unknownParameter(param: string): ResponsesApiError {
  const name = param.slice(0, 64);
  return invalidRequest(name, `Unknown parameter: '${name}'.`, "unknown_parameter");
}

/** @param why Follows the parameter's name. */
export function unsupportedParameter(param: string, why: string): ResponsesApiError {
  return invalidRequest(param, `Unsupported parameter: '${param}' ${why}`, "unsupported_parameter");
}

/** The error that the client gets: an API error as it is, and a general one for any other. */
export function toApiError(error: unknown): ResponsesApiError {
  if (error instanceof ResponsesApiError) return error;
  return new ResponsesApiError({
    status: 500,
    code: "server_error",
    message: "The server had an error while processing your request.",
  });
}

/** The text is that of the WebSocket mode guide. `detail` adds what only this server says. */
export function previousResponseNotFound(id: string, detail = ""): ResponsesApiError {
  return invalidRequest(
    "previous_response_id",
    `Previous response with id '${id.slice(0, 128)}' not found.${detail}`,
    "previous_response_not_found",
  );
}
