import { checkOptions } from "../../checks/index.ts";
import { checkContext, LLMContext } from "../../context/index.ts";
import { InvalidArgumentError, SteeringError, TimeoutError } from "../../errors.ts";
import { type Inference, type InferenceResult, WebsocketLLMService } from "../../llm/index.ts";
import { ReconnectingWebsocket, type WebsocketConnection, type WebsocketTarget } from "../../websocket/index.ts";
import {
  ConnectionManager,
  defaultConnectionAgeMs,
  type Lease,
  type ResponsesConnection,
  type ResponsesConnectionPool,
  ServerCapabilities,
  Tenant,
} from "../connection/index.ts";
import { type OpenAIResponsesLLMServiceOptions, websocketServiceChecks } from "./options.ts";
import { checkSteeringInput, type SteeringInput, type SteeringOutcome } from "../response/index.ts";
import { type OpenAIRunInferenceOptions, ResponsesClient } from "../http/index.ts";
import { HttpFallback, type OnRetry } from "../retry/index.ts";
import { type OpenAIResponsesLLMSettings, optionHints } from "../settings.ts";
import { WarmUp } from "./warm-up.ts";
import { type InferenceHost, WebsocketInference } from "./websocket-inference.ts";

/**
 * The OpenAI Responses API over one persistent WebSocket: the default. After the first turn, only new items are sent, as
 * long as the conversation extends exactly what the server has seen; otherwise the whole conversation is. An interrupted
 * turn never blocks the next one, which uses another lane. Nothing is stored at the provider.
 *
 * @example
 * await using llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
 * const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
 * for await (const text of llm.respond(context).text) process.stdout.write(text);
 */
export class OpenAIResponsesLLMService extends WebsocketLLMService {
  readonly #client: ResponsesClient;
  readonly #options: OpenAIResponsesLLMServiceOptions;
  readonly #httpFallback: HttpFallback;
  readonly #tenant = new Tenant();
  readonly #running = new Set<WebsocketInference>();
  readonly #inferenceHost: InferenceHost;
  readonly #warmUp: WarmUp;
  #manager: ConnectionManager | undefined;
  #leaving: Promise<unknown> | undefined;

  constructor(options: OpenAIResponsesLLMServiceOptions = {}) {
    super(checkOptions("OpenAIResponsesLLMService", options, websocketServiceChecks, optionHints));
    const { logger, clock } = this;
    const random = options.environment?.random ?? Math.random;
    this.#client = new ResponsesClient(options, {
      logger,
      clock,
      random,
      optionNames: Object.keys(websocketServiceChecks),
    });
    this.#options = options;
    checkPool(options);
    options.pool?.admit(this.#client.address);
    this.#httpFallback = new HttpFallback(clock);
    this.#inferenceHost = {
      client: this.#client,
      tenant: this.#tenant,
      clock,
      manager: () => this.#currentManager(),
      replaceLost: (...lost) => this.replaceLost(...lost),
      onSuccess: () => this.#onSuccess(),
      onInterrupted: (lease) => void this.#onInterrupted(lease),
    };
    const context = options.warmUp instanceof LLMContext ? options.warmUp : new LLMContext();
    this.#warmUp = new WarmUp(this.#client, this.#tenant, context);
    if (options.warmUp) this.on("connected", () => void this.#warmUpOn(this.#manager?.current));
  }

  /** The settings as they are now. */
  get settings(): Readonly<OpenAIResponsesLLMSettings> {
    return this.#client.settings;
  }

  override updateSettings(changes: Partial<OpenAIResponsesLLMSettings>): void {
    this.#client.updateSettings(changes);
  }

  /** One answer outside of the conversation, always over HTTP. */
  override async runInference(context: LLMContext, options: OpenAIRunInferenceOptions = {}): Promise<string> {
    this.#client.checkRunInference(context, options);
    return this.untilStopped(options.signal, (signal) => this.#client.runInference(context, options, signal));
  }

  override get isConnected(): boolean {
    return this.#manager?.current !== undefined;
  }

  override async disconnect(): Promise<void> {
    const manager = this.#manager;
    if (manager !== undefined && this.#options.pool === undefined) return manager.close();
    // A service that has left its pool has no connection to close; the pool's belongs to others.
    this.#manager = undefined;
    if (manager !== undefined) {
      this.#leaving = Promise.all([this.#leaving, this.#leavePool(manager, this.#options.pool)]);
    }
    await this.#leaving;
  }

  async #leavePool(manager: ConnectionManager, pool: ResponsesConnectionPool | undefined): Promise<void> {
    for (const exchange of manager.current?.exchanges ?? []) {
      if (exchange.tenant === this.#tenant) exchange.abandon();
    }
    await pool?.leave(this.#tenant, manager);
  }

  /**
   * Says something to the turn that is running. The model takes the input into account without being interrupted, and the
   * conversation holds it at that place.
   * @throws SteeringError when no turn is running or the model or server cannot be steered; the error holds the input.
   */
  async steer(input: SteeringInput): Promise<SteeringOutcome> {
    checkSteeringInput(input);
    const running = [...this.#running].at(-1);
    if (running === undefined)
      throw new SteeringError("no_running_turn", "no turn is running that could be steered", input);
    return running.steering.add(input);
  }

  /**
   * Sends the server the conversation so far, so that the next turn sends only what is new. Returns whether it did: it does
   * not if the server does not know warm-ups, or if that would delay a turn.
   */
  async warmUp(context: LLMContext = this.#warmUp.context): Promise<boolean> {
    checkContext(context);
    this.#warmUp.context = context;
    await this.ensureConnected();
    return this.#warmUpOn(this.#currentManager().current);
  }

  async #warmUpOn(connection: ResponsesConnection | undefined): Promise<boolean> {
    const manager = this.#manager;
    const isIdle = manager !== undefined && this.#running.size === 0;
    return isIdle && connection !== undefined && this.#warmUp.on(manager, connection);
  }

  protected override get model(): string {
    return this.#client.settings.model;
  }

  protected override websocketTarget(): Promise<WebsocketTarget> {
    return this.#client.websocketTarget();
  }

  protected override async ensureConnected(signal?: AbortSignal): Promise<WebsocketConnection> {
    this.#options.pool?.checkOpen();
    this.#currentManager();
    return super.ensureConnected(signal);
  }

  protected override async inference(context: LLMContext, inference: Inference): Promise<InferenceResult> {
    this.#warmUp.context = context;
    inference.trace.wastedCharacters = this.#tenant.takeWasted();
    const running = new WebsocketInference(this.#inferenceHost, context, inference);
    const onRetry: OnRetry = (decision, error) => {
      if (error instanceof TimeoutError) this.events.emit("completionTimeout");
      if (decision.kind === "use-http" && decision.lasting) this.#httpFallback.trip();
      if (decision.kind === "retry") running.recover(decision.action, decision.reason);
    };
    const canUseHttp = this.#options.httpFallback ?? true;
    const allowed = { canUseHttp, overHttp: canUseHttp && this.#httpFallback.isOn, onRetry };
    this.#running.add(running);
    try {
      return await this.#client.infer(inference, allowed, (attempt) => {
        this.#options.pool?.checkOpen();
        if (!attempt.overHttp) return running.attempt(attempt);
        running.steering.end("steering_not_supported", "a turn over HTTP cannot be steered");
        return this.#client.inferOverHttp(context, inference, attempt);
      });
    } finally {
      this.#running.delete(running);
      running.steering.end("response_already_completed", "the turn ended before it was steered");
    }
  }

  #onSuccess(): void {
    this.#httpFallback.clear();
    this.exchangeSucceeded();
  }

  /** With `onInterrupt: "disconnect"`, moves to another connection, so that the reply is not generated to its end. */
  async #onInterrupted({ connection, exchange }: Lease): Promise<void> {
    const manager = this.#manager;
    // Replies for others on the connection go on, and the responses that they may continue stay there.
    if (this.#options.onInterrupt !== "disconnect" || manager === undefined || manager.tenants.size > 1) return;
    const over = new AbortController();
    const end = (): void => over.abort(new DOMException("the reply has ended by itself", "AbortError"));
    void connection.ended(exchange).then(end);
    const prepare = async (next: ResponsesConnection): Promise<void> => void (await this.#warmUpOn(next));
    const why = "another connection took its place after an interruption";
    await manager.switchToSpare(why, prepare, over.signal).catch(() => undefined);
  }

  #currentManager(): ConnectionManager {
    const { pool } = this.#options;
    const own = this.#manager;
    if (own !== undefined && (pool === undefined || own.capabilities.lanes !== false || own.tenants.size === 1)) {
      return own;
    }
    if (pool !== undefined) {
      const makeWebsocket = (): ReconnectingWebsocket =>
        new ReconnectingWebsocket(() => this.websocketTarget(), {
          ...this.#options,
          logger: this.logger,
        });
      const manager = pool.join(this.#tenant, makeWebsocket);
      if (own !== undefined && own !== manager) void pool.leave(this.#tenant, own);
      if (own !== manager) this.useWebsocket(manager.websocket);
      return (this.#manager = manager);
    }
    const { timeouts, standby = false, maxConnectionAgeMs = defaultConnectionAgeMs } = this.#options;
    const { drainMs: drainTimeoutMs = 1000 } = timeouts ?? {};
    const { clock, logger } = this;
    const capabilities = new ServerCapabilities(maxConnectionAgeMs);
    this.#manager = new ConnectionManager(this.websocket, { drainTimeoutMs, standby, capabilities, clock, logger });
    this.#manager.tenants.add(this.#tenant);
    return this.#manager;
  }
}

/** A pool decides about its connections by itself. */
function checkPool({ pool, standby, maxConnectionAgeMs }: OpenAIResponsesLLMServiceOptions): void {
  if (pool === undefined) return;
  if (standby === true)
    throw new InvalidArgumentError("standby", "a pool keeps no spare connection; leave out `standby` or `pool`");
  if (maxConnectionAgeMs === undefined) return;
  throw new InvalidArgumentError("maxConnectionAgeMs", "it belongs to the options of the pool");
}
