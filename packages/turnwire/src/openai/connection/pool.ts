import { type Clock, defaultLogger, type Logger, systemClock } from "../../async/index.ts";
import { InvalidArgumentError, kindOf } from "../../errors.ts";
import type { ReconnectingWebsocket } from "../../websocket/index.ts";
import { ownersPerConnection } from "./lanes.ts";
import { Line } from "./connection-manager.ts";
import { ServerTraits } from "./server-capabilities.ts";

export interface ResponsesConnectionPoolOptions {
  /** The most connections; default 16. */
  maxConnections?: number;
  /** Default 1000; see `OpenAIResponsesLLMServiceOptions`. */
  drainTimeoutMs?: number;
  /** Default 55 minutes. */
  maxConnectionAgeMs?: number;
  logger?: Logger;
  clock?: Clock;
}

export const defaultConnectionAgeMs = 55 * 60_000;

/**
 * Connections that several services share: each takes lanes of one of them instead of opening its own. What happens in
 * one conversation never touches another's. All services of a pool talk to the same server with the same key; where the
 * server knows no lanes, each gets a connection of its own as long as there are any.
 *
 * @example
 * const pool = new ResponsesConnectionPool();
 * const services = callers.map(() => new OpenAIResponsesLLMService({ pool }));
 */
export class ResponsesConnectionPool implements AsyncDisposable {
  readonly #maxConnections: number;
  readonly #traits: ServerTraits;
  readonly #options: Required<Omit<ResponsesConnectionPoolOptions, "maxConnections" | "maxConnectionAgeMs">>;
  readonly #lines = new Set<Line>();

  /** @throws InvalidArgumentError */
  constructor(options: ResponsesConnectionPoolOptions = {}) {
    const { maxConnections = 16, maxConnectionAgeMs = defaultConnectionAgeMs } = options;
    if (!Number.isInteger(maxConnections) || maxConnections < 1) {
      throw new InvalidArgumentError(
        "maxConnections",
        `expected a whole number above 0, got ${kindOf(maxConnections)}`,
      );
    }
    this.#maxConnections = maxConnections;
    this.#traits = new ServerTraits(maxConnectionAgeMs);
    this.#options = {
      drainTimeoutMs: options.drainTimeoutMs ?? 1000,
      logger: options.logger ?? defaultLogger,
      clock: options.clock ?? systemClock,
    };
  }

  /** How many connections are open or being made. */
  get connections(): number {
    return [...this.#lines].reduce((sum, line) => sum + line.connections, 0);
  }

  /**
   * A line for a service, shared or new.
   * @internal
   */
  join(owner: object, makeWebsocket: () => ReconnectingWebsocket): Line {
    const room = this.#traits.lanes === "no" ? 1 : ownersPerConnection;
    const lines = [...this.#lines].toSorted((a, b) => a.owners.size - b.owners.size);
    // Filled one after the other, so that few connections are held.
    const shared = lines.findLast(({ owners }) => owners.size < room);
    const line = shared ?? (this.#lines.size < this.#maxConnections ? this.#newLine(makeWebsocket()) : lines[0]!);
    line.owners.add(owner);
    return line;
  }

  /**
   * The service has left; a line nobody uses is closed.
   * @internal
   */
  async leave(owner: object, line: Line): Promise<void> {
    line.owners.delete(owner);
    line.current?.lanes.release(owner);
    if (line.owners.size > 0) return;
    this.#lines.delete(line);
    await line.close();
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#lines].map((line) => line.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #newLine(websocket: ReconnectingWebsocket): Line {
    const line = new Line(websocket, {
      ...this.#options,
      traits: this.#traits,
      standby: false,
      mayOpen: () => this.connections < this.#maxConnections,
    });
    this.#lines.add(line);
    return line;
  }
}
