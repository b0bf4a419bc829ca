import { type Clock, Deadline, onAbort } from "../async/index.ts";
import { WebsocketConnectError } from "../errors.ts";
import { isRetryableUpgradeStatus } from "./close-codes.ts";
import type { Socket, SocketFactory, SocketHandlers, WebsocketTarget } from "./socket.ts";

export interface HandshakeOptions {
  limitMs: number;
  clock: Clock;
  signal: AbortSignal | undefined;
}

/** A server's HTTP response to an upgrade request that it refused. */
interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The opening of one socket, until `Opened` is made of it or it has failed. */
export class Handshake<Opened> {
  readonly #target: WebsocketTarget;
  readonly #limit: Deadline;
  readonly #outcome = Promise.withResolvers<Opened>();
  #refusal: Refusal | undefined;
  #error: Error | undefined;

  constructor(target: WebsocketTarget, { limitMs, ...options }: HandshakeOptions) {
    this.#target = target;
    this.#limit = new Deadline("connect", limitMs, options);
  }

  /**
   * Opens the socket. `handlers` has to call `succeed` or `fail`.
   * @throws WebsocketConnectError, TimeoutError, or the signal's reason
   */
  async run(factory: SocketFactory, handlers: SocketHandlers, started: (socket: Socket) => void): Promise<Opened> {
    let socket: Socket;
    try {
      const made = factory(this.#target, handlers);
      socket = made instanceof Promise ? await made : made;
    } catch (cause) {
      this.#limit[Symbol.dispose]();
      throw unusableTarget(this.#target, cause);
    }
    started(socket);
    onAbort(this.#limit.signal, (reason) => {
      this.#outcome.reject(reason);
      socket.terminate();
    });
    return this.#outcome.promise;
  }

  /** The socket is open. Returns what `make` does, unless the time is up. */
  succeed(make: () => Opened): Opened | undefined {
    this.#limit[Symbol.dispose]();
    if (this.#limit.signal.aborted) return undefined;
    const opened = make();
    this.#outcome.resolve(opened);
    return opened;
  }

  /** The socket was closed with `code` before it was open. */
  fail(code: number): void {
    this.#limit[Symbol.dispose]();
    this.#outcome.reject(connectError(this.#target, code, this.#refusal, this.#error));
  }

  onRefused(status: number, headers: Record<string, string>, body: string): void {
    this.#refusal = { status, headers, body };
  }

  onError(error: Error): void {
    this.#error ??= error;
  }
}

function connectError(
  target: WebsocketTarget,
  code: number,
  refusal: Refusal | undefined,
  cause: Error | undefined,
): WebsocketConnectError {
  // A proxy's refusal is complete.
  if (cause instanceof WebsocketConnectError) return cause;
  const where = new URL(target.url).host;
  if (refusal !== undefined) {
    return new WebsocketConnectError(`${where} refused the WebSocket upgrade with status ${refusal.status}`, {
      ...refusal,
      retryable: isRetryableUpgradeStatus(refusal.status),
      cause,
    });
  }
  const detail = cause === undefined ? `closed with code ${code}` : describe(cause);
  return new WebsocketConnectError(`cannot connect to ${where}: ${detail}`, { cause, retryable: true });
}

// For example a header with a line break. The target is not quoted unless it is a URL, since it may hold a key.
function unusableTarget(target: WebsocketTarget, cause: unknown): WebsocketConnectError {
  if (!URL.canParse(target.url)) return new WebsocketConnectError("cannot connect: the address is not a URL");
  const detail = cause instanceof Error ? describe(cause) : String(cause);
  return new WebsocketConnectError(`cannot connect to ${new URL(target.url).host}: ${detail}`, { cause });
}

// Node reports a host that fails at every address as an AggregateError without a message.
function describe(error: Error): string {
  if (error.message !== "") return error.message;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  return inner instanceof Error ? inner.message : "code" in error ? String(error.code) : error.name;
}
