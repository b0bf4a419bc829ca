/** Every error class of turnwire. No message contains a key or a part of a conversation. */
import { withoutKeys } from "./redaction.ts";

/** The codes of errors that arise on this side of the wire. */
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
  | "turn_already_read"
  | "no_running_turn"
  | "steering_not_supported"
  | "inference_failed"
  | "function_call_failed"
  | "pipeline_failed";

export interface TurnwireErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** Whether the same request may succeed if it is made again; default false. */
  retryable?: boolean;
}

/** Marks an error with the names of its classes, for another copy of this package: `instanceof` knows only its own. */
const marker = Symbol.for("turnwire.error");

/** The base of every error that turnwire throws. */
export class TurnwireError extends Error {
  /** The name of the class, which a minifier leaves alone. */
  protected static readonly type: string = "TurnwireError";
  /** Names the kind of failure, stable over releases: one of {@link TurnwireErrorCode}, or the code that a provider sent. */
  readonly code: TurnwireErrorCode | (string & {});
  /** Whether the same request may succeed if it is made again. */
  readonly retryable: boolean;

  constructor(code: TurnwireErrorCode | (string & {}), message: string, options: TurnwireErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = Object.hasOwn(new.target, "type") ? new.target.type : new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, marker, { value: typesOf(new.target) });
  }

  /**
   * Whether a value is an error of this class. Other than `instanceof`, it recognises errors of another copy of this
   * package, such as one that a dependency brought.
   */
  static isInstance<Class extends ErrorClass>(this: Class, value: unknown): value is InstanceType<Class> {
    if (value instanceof this) return true;
    if (!(value instanceof Error) || !Object.hasOwn(this, "type")) return false;
    const types: unknown = Reflect.get(value, marker);
    return Array.isArray(types) && types.includes(Reflect.get(this, "type"));
  }
}

type ErrorClass = abstract new (...args: never[]) => TurnwireError;

/** The names of a class of errors and of its bases. */
function typesOf(Class: object): string[] {
  const types: string[] = [];
  for (let one: object | null = Class; one !== null && one !== Error; one = Reflect.getPrototypeOf(one)) {
    if (Object.hasOwn(one, "type")) types.push(String(Reflect.get(one, "type")));
  }
  return types;
}

/** The caller gave a value that cannot be used. The message names the field, the kind of the value and the way out. */
export class InvalidArgumentError extends TurnwireError {
  protected static override readonly type = "InvalidArgumentError";
  /** The path of the field, such as `settings.temperature` or `messages[3].content`. */
  readonly field: string;

  constructor(field: string, message: string, options: TurnwireErrorOptions = {}) {
    super("invalid_argument", `${field}: ${message}`, options);
    this.field = field;
  }
}

/** An API key is needed, and none was given. */
export class MissingApiKeyError extends TurnwireError {
  protected static override readonly type = "MissingApiKeyError";
  constructor(message: string) {
    super("missing_api_key", message);
  }
}

/** A wait took longer than its limit. */
export class TimeoutError extends TurnwireError {
  protected static override readonly type = "TimeoutError";
  /** The step that took too long, such as `connect` or `first event`. */
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

/** A WebSocket connection could not be opened. */
export class WebsocketConnectError extends TurnwireError {
  protected static override readonly type = "WebsocketConnectError";
  /** The HTTP status of the server's refusal; absent if there was no HTTP response. */
  readonly status?: number;
  /** The headers of the refusal. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The beginning of the refusal's body, without keys. */
  readonly body?: string;

  constructor(message: string, options: WebsocketConnectErrorOptions = {}) {
    super(options.status === undefined ? "connection_failed" : "connection_refused", message, options);
    if (options.status !== undefined) this.status = options.status;
    if (options.headers !== undefined) this.headers = options.headers;
    if (options.body !== undefined) this.body = withoutKeys(options.body);
  }
}

/** A WebSocket connection has ended. */
export class WebsocketClosedError extends TurnwireError {
  protected static override readonly type = "WebsocketClosedError";
  /** The close code of RFC 6455 section 7.4; 1006 when the connection ended without a close frame. */
  readonly closeCode: number;
  /** The reason that the closing end gave, at most 123 bytes. */
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

/** Several connections in a row ended as soon as they were opened, so reconnecting was given up. */
export class WebsocketUnstableError extends TurnwireError {
  protected static override readonly type = "WebsocketUnstableError";
  constructor(connections: number, withinMs: number, options: TurnwireErrorOptions = {}) {
    super(
      "connection_unstable",
      `${connections} connections in a row ended within ${withinMs} ms of being made; not trying again until connect() is called`,
      options,
    );
  }
}

/**
 * The connection was lost and has been replaced. The current exchange has to start again, and the server has forgotten
 * what it kept for the old connection.
 */
export class WebsocketReconnectedError extends TurnwireError {
  protected static override readonly type = "WebsocketReconnectedError";
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

/** The provider returned an error for a request, or ended a response with one. */
export class ProviderError extends TurnwireError {
  protected static override readonly type = "ProviderError";
  /** The HTTP status, or the status in the error event. */
  readonly status?: number;
  /** The provider's error type, such as `invalid_request_error`. */
  readonly type?: string;
  /** The field of the request that the provider names. */
  readonly param?: string;
  /** The id of the response that the error ended, if there was one. */
  readonly responseId?: string;
  /** How long the provider asks the client to wait, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(code: TurnwireErrorCode | (string & {}), message: string, options: ProviderErrorOptions = {}) {
    super(code, message, options);
    if (options.status !== undefined) this.status = options.status;
    if (options.type !== undefined) this.type = options.type;
    if (options.param !== undefined) this.param = options.param;
    if (options.responseId !== undefined) this.responseId = options.responseId;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** A response was lost after some of its output had been delivered. The request is not repeated then. */
export class LostAfterOutputError extends TurnwireError {
  protected static override readonly type = "LostAfterOutputError";
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

/** A request is larger than WebSocket servers accept. */
export class RequestTooLargeError extends TurnwireError {
  protected static override readonly type = "RequestTooLargeError";
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

/** A running turn could not be steered. `input` holds what was not delivered. */
export class SteeringError extends TurnwireError {
  protected static override readonly type = "SteeringError";
  /** The input for the running turn. */
  readonly input: unknown;

  constructor(
    code: TurnwireErrorCode | (string & {}),
    message: string,
    input: unknown,
    options: TurnwireErrorOptions = {},
  ) {
    super(code, message, options);
    this.input = input;
  }
}

/** A function call could not be run, or its function failed. The model gets the message as the call's output. */
export class FunctionCallError extends TurnwireError {
  protected static override readonly type = "FunctionCallError";
  /** The function's name as the model wrote it. */
  readonly functionName: string;

  constructor(functionName: string, message: string, options: TurnwireErrorOptions = {}) {
    super("function_call_failed", message, options);
    this.functionName = functionName;
  }
}

/** A processor of a pipeline failed, or a pipeline was used in the wrong order or twice. */
export class PipelineError extends TurnwireError {
  protected static override readonly type = "PipelineError";
  constructor(message: string, options: TurnwireErrorOptions = {}) {
    super("pipeline_failed", message, options);
  }
}

/** Returns the error itself if it is a TurnwireError, otherwise a new one with the error as its cause. */
export function toTurnwireError(
  value: unknown,
  code: TurnwireErrorCode | (string & {}),
  message: string,
): TurnwireError {
  return TurnwireError.isInstance(value) ? value : new TurnwireError(code, message, { cause: value });
}

/** The kind of a value, for an error message. Never contains the value, except a number or a boolean. */
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
