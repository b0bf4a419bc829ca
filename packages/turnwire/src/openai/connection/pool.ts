import { defaultLogger, type Logger, systemClock } from "../../async/index.ts";
import { checkOptions, type Checks, type Hints, is } from "../../checks/index.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { type Environment, environmentCheck, type ReconnectingWebsocket } from "../../websocket/index.ts";
import type { Address } from "../endpoint.ts";
import { ConnectionManager, type ConnectionManagerOptions } from "./connection-manager.ts";
import { tenantsPerConnection } from "./lanes.ts";
import { type Tenant } from "./tenant.ts";
import { ServerCapabilities } from "./server-capabilities.ts";

export interface ResponsesConnectionPoolOptions {
  /** The most connections; default 16. */
  maxConnections?: number;
  /** Time limits, in milliseconds: `drainMs` as for `OpenAIResponsesLLMService`, default 1000. */
  timeouts?: { drainMs?: number };
  /** Default 55 minutes. */
  maxConnectionAgeMs?: number;
  logger?: Logger;
  environment?: Pick<Environment, "clock">;
}

const optionChecks: Checks<ResponsesConnectionPoolOptions> = {
  maxConnections: is.number({ min: 1, integer: true }),
  timeouts: is.group({ drainMs: is.duration }),
  maxConnectionAgeMs: is.timeLimit,
  logger: is.logger,
  environment: environmentCheck,
};

const ofServices = "it belongs to the options of the services";

const optionHints: Hints = {
  size: "it is called `maxConnections`",
  max: "it is called `maxConnections`",
  drainMs: "it belongs to the option `timeouts`",
  drainTimeoutMs: "it is called `timeouts.drainMs`",
  clock: "it belongs to the option `environment`",
  apiKey: ofServices,
  baseURL: ofServices,
  model: ofServices,
};

const addressParts = [
  ["server", "server"],
  ["key", "key"],
  ["organization", "organization"],
  ["project", "project"],
] as const;

export const defaultConnectionAgeMs = 55 * 60_000;

/**
 * Connections that several services share: each service takes lanes of one of them instead of opening its own. An
 * interruption or error of one conversation never affects another. All services of a pool talk to the same server with the
 * same key. If the server has no lanes, each service gets a connection of its own, up to `maxConnections`.
 *
 * @example
 * const pool = new ResponsesConnectionPool();
 * const services = callers.map(() => new OpenAIResponsesLLMService({ pool }));
 */
export class ResponsesConnectionPool implements AsyncDisposable {
  readonly #maxConnections: number;
  readonly #capabilities: ServerCapabilities;
  readonly #options: Pick<ConnectionManagerOptions, "drainTimeoutMs" | "logger" | "clock">;
  readonly #managers = new Set<ConnectionManager>();
  /** The server and account of the pool's services. The first service decides. */
  #address: Address | undefined;
  #isClosed = false;

  /** @throws InvalidArgumentError */
  constructor(options: ResponsesConnectionPoolOptions = {}) {
    checkOptions("ResponsesConnectionPool", options, optionChecks, optionHints);
    const { maxConnections = 16, maxConnectionAgeMs = defaultConnectionAgeMs } = options;
    this.#maxConnections = maxConnections;
    this.#capabilities = new ServerCapabilities(maxConnectionAgeMs);
    this.#options = {
      drainTimeoutMs: options.timeouts?.drainMs ?? 1000,
      logger: options.logger ?? defaultLogger,
      clock: options.environment?.clock ?? systemClock,
    };
  }

  /** How many connections are open or being made. */
  get connections(): number {
    return [...this.#managers].reduce((sum, manager) => sum + manager.connections, 0);
  }

  /**
   * Takes a service in that is being made.
   * @throws InvalidArgumentError for one that talks to another server or with another key than the others.
   * @internal
   */
  admit(address: Address): void {
    this.checkOpen();
    this.#address ??= address;
    for (const [name, what] of addressParts) {
      const [ours, theirs] = [this.#address[name], address[name]];
      // A key that a function fetches cannot be compared.
      if (ours === theirs || (name === "key" && (ours === undefined || theirs === undefined))) continue;
      throw new InvalidArgumentError("pool", `its services use another ${what}; make a pool for each`);
    }
  }

  /**
   * Finds or makes a connection for a service.
   * @throws InvalidArgumentError when the pool is closed.
   * @internal
   */
  join(tenant: Tenant, makeWebsocket: () => ReconnectingWebsocket): ConnectionManager {
    this.checkOpen();
    const room = this.#capabilities.lanes === false ? 1 : tenantsPerConnection;
    const managers = [...this.#managers].toSorted((a, b) => a.tenants.size - b.tenants.size);
    // One after the other is filled, so that few connections are held.
    const shared = managers.findLast(({ tenants }) => tenants.size < room);
    const mayMakeOne = this.#managers.size < this.#maxConnections;
    const manager = shared ?? (mayMakeOne ? this.#newManager(makeWebsocket()) : managers[0]!);
    manager.tenants.add(tenant);
    return manager;
  }

  /**
   * Takes a service out of the pool, and closes a connection that no other service uses.
   * @internal
   */
  async leave(tenant: Tenant, manager: ConnectionManager): Promise<void> {
    manager.tenants.delete(tenant);
    manager.current?.lanes.release(tenant);
    if (manager.tenants.size > 0) return;
    this.#managers.delete(manager);
    await manager.close();
  }

  /** Closes every connection. Turns of the pool's services fail afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#managers].map((manager) => manager.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * @throws InvalidArgumentError when the pool is closed.
   * @internal
   */
  checkOpen(): void {
    if (this.#isClosed) throw new InvalidArgumentError("pool", "it is closed; make a new ResponsesConnectionPool");
  }

  #newManager(websocket: ReconnectingWebsocket): ConnectionManager {
    const manager = new ConnectionManager(websocket, {
      ...this.#options,
      capabilities: this.#capabilities,
      standby: false,
      mayOpen: () => this.connections < this.#maxConnections,
    });
    this.#managers.add(manager);
    return manager;
  }
}
