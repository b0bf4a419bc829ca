/**
 * Every error class of turnwire. No message carries a key or a part of a conversation.
 */

/** What `TurnwireError.code` can say when the error arose on this side of the wire. */
export type TurnwireErrorCode =
  | "invalid_argument"
  | "missing_api_key"
  | "missing_package"
  | "timeout"
  | "connection_failed"
  | "connection_refused"
  | "connection_closed"
  | "connection_unstable"
  | "reconnected"
  | "lost_after_output"
  | "request_too_large"
  | "response_failed"
  | "no_running_turn"
  | "steering_not_supported"
  | "inference_failed"
  | "function_call_failed"
  | "pipeline_failed";

export interface TurnwireErrorOptions {
  /** The error underneath. */
  cause?: unknown;
  /** Whether the same request may succeed when it is made again. */
  retryable?: boolean;
}

/** The base of every error turnwire throws. */
export class TurnwireError extends Error {
  /** What happened, stable over releases: one of {@link TurnwireErrorCode}, or the code a provider sent. */
  readonly code: string;
  /** Whether the same request may succeed when it is made again. */
  readonly retryable: boolean;

  constructor(code: string, message: string, options: TurnwireErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** A value given by the caller cannot be used. The message names the field, the value's kind and the way out. */
export class InvalidArgumentError extends TurnwireError {
  /** The path of the field, such as `settings.temperature` or `messages[3].content`. */
  readonly field: string;

  constructor(field: string, message: string, options: TurnwireErrorOptions = {}) {
    super("invalid_argument", `${field}: ${message}`, options);
    this.field = field;
  }
}

/** No API key was given where one is needed. */
export class MissingApiKeyError extends TurnwireError {
  constructor(message: string) {
    super("missing_api_key", message);
  }
}

/** A bounded wait ran out. */
export class TimeoutError extends TurnwireError {
  /** What was waited for, such as `connect` or `first event`. */
  readonly what: string;
  /** The limit in milliseconds. */
  readonly limitMs: number;

  constructor(what: string, limitMs: number, options: TurnwireErrorOptions = {}) {
    super("timeout", `${what} took longer than ${limitMs} ms`, { retryable: true, ...options });
    this.what = what;
    this.limitMs = limitMs;
  }
}

export interface WebsocketConnectErrorOptions extends TurnwireErrorOptions {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** A WebSocket connection could not be made. */
export class WebsocketConnectError extends TurnwireError {
  /** The HTTP status the server refused the upgrade with; absent when there was no HTTP answer. */
  readonly status?: number;
  /** The headers of the refusal. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The beginning of the refusal's body. */
  readonly body?: string;

  constructor(message: string, options: WebsocketConnectErrorOptions = {}) {
    super(options.status === undefined ? "connection_failed" : "connection_refused", message, options);
    if (options.status !== undefined) this.status = options.status;
    if (options.headers !== undefined) this.headers = options.headers;
    if (options.body !== undefined) this.body = withoutKeys(options.body);
  }
}

/** A WebSocket connection is closed. */
export class WebsocketClosedError extends TurnwireError {
  /** The close code of RFC 6455 section 7.4; 1006 when the connection ended without a close frame. */
  readonly closeCode: number;
  /** The reason the closing side gave, at most 123 bytes. */
  readonly reason: string;

  constructor(closeCode: number, reason: string, options: TurnwireErrorOptions = {}) {
    super(
      "connection_closed",
      `the connection closed with code ${closeCode}${reason === "" ? "" : ` (${reason})`}`,
      options,
    );
    this.closeCode = closeCode;
    this.reason = reason;
  }
}

/** Several connections in a row died as soon as they were made: reconnecting has been given up. */
export class WebsocketUnstableError extends TurnwireError {
  constructor(connections: number, withinMs: number, options: TurnwireErrorOptions = {}) {
    super(
      "connection_unstable",
      `${connections} connections in a row ended within ${withinMs} ms of being made; not trying again until connect() is called`,
      options,
    );
  }
}

/**
 * The connection was lost and has been replaced. The exchange under way has to start again, and whatever the server
 * kept for the old connection is gone.
 */
export class WebsocketReconnectedError extends TurnwireError {
  constructor(options: TurnwireErrorOptions = {}) {
    super("reconnected", "the connection was lost and has been replaced; start the exchange again", {
      retryable: true,
      ...options,
    });
  }
}

export interface ProviderErrorOptions extends TurnwireErrorOptions {
  status?: number;
  type?: string;
  param?: string;
  responseId?: string;
  retryAfterMs?: number;
}

/** The provider answered a request with an error, or ended a response with one. */
export class ProviderError extends TurnwireError {
  /** The HTTP status, or the one the error event carried. */
  readonly status?: number;
  /** The provider's error type, such as `invalid_request_error`. */
  readonly type?: string;
  /** The request field the provider names. */
  readonly param?: string;
  /** The response the error ended, when there was one. */
  readonly responseId?: string;
  /** How long the provider asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(code: string, message: string, options: ProviderErrorOptions = {}) {
    super(code, message, options);
    if (options.status !== undefined) this.status = options.status;
    if (options.type !== undefined) this.type = options.type;
    if (options.param !== undefined) this.param = options.param;
    if (options.responseId !== undefined) this.responseId = options.responseId;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** A response was lost after a part of its output had been delivered, so it could not be asked for again. */
export class LostAfterOutputError extends TurnwireError {
  /** How many characters of text had been delivered. */
  readonly deliveredCharacters: number;

  constructor(deliveredCharacters: number, options: TurnwireErrorOptions = {}) {
    super(
      "lost_after_output",
      `the response was lost after ${deliveredCharacters} characters of it had been delivered; ` +
        "what was delivered is kept, and the request was not sent again",
      options,
    );
    this.deliveredCharacters = deliveredCharacters;
  }
}

/** A request is larger than a WebSocket server takes. */
export class RequestTooLargeError extends TurnwireError {
  /** The request's size in bytes. */
  readonly bytes: number;

  constructor(bytes: number, limit: number) {
    super(
      "request_too_large",
      `the request is ${bytes} bytes, and servers close a WebSocket at ${limit}; send less, or let it go over HTTP`,
    );
    this.bytes = bytes;
  }
}

/** A running turn could not be steered. Nothing is lost: the input is here. */
export class SteeringError extends TurnwireError {
  /** What was to be said to the running turn. */
  readonly input: unknown;

  constructor(code: string, message: string, input: unknown, options: TurnwireErrorOptions = {}) {
    super(code, message, options);
    this.input = input;
  }
}

/** A function call could not be run, or its function failed; the model is given the message as the call's output. */
export class FunctionCallError extends TurnwireError {
  /** The function's name as the model gave it. */
  readonly functionName: string;

  constructor(functionName: string, message: string, options: TurnwireErrorOptions = {}) {
    super("function_call_failed", message, options);
    this.functionName = functionName;
  }
}

/** A processor of a pipeline failed, or a pipeline was used against its order of life. */
export class PipelineError extends TurnwireError {
  constructor(message: string, options: TurnwireErrorOptions = {}) {
    super("pipeline_failed", message, options);
  }
}

/** The error itself when it is one of ours, else one of ours around it. */
export function toTurnwireError(value: unknown, code: string, message: string): TurnwireError {
  return value instanceof TurnwireError ? value : new TurnwireError(code, message, { cause: value });
}

/** The kind of a value for an error message: never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "string":
      return value === "" ? "an empty string" : "a string";
    case "number":
      return Number.isFinite(value) ? `the number ${value}` : String(value);
    case "boolean":
      return `the boolean ${value}`;
    case "object":
      return value.constructor === Object || value.constructor === undefined
        ? "an object"
        : `an object of class ${value.constructor.name}`;
    default:
      return `a ${typeof value}`;
  }
}

const keyPattern = /\b(?:sk|pk|xai|key)-[\w*.-]{6,}|\bBearer\s+\S+|\bToken\s+\S{16,}/gi;

/** The text without anything that looks like an API key: servers quote keys in their messages. */
export function withoutKeys(text: string): string {
  return text.replace(keyPattern, "[key]");
}
