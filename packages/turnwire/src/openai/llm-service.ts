import { Deadline, onAbort, throwIfAborted } from "../async/index.ts";
import { checkOptions } from "../checks/index.ts";
import { LLMContext } from "../context/index.ts";
import { SteeringError, TimeoutError } from "../errors.ts";
import type { RawEvent } from "../protocol/index.ts";
import { type InferenceResult, type RetryReason, type Inference, WebsocketLLMService } from "../llm/index.ts";
import { ReconnectingWebsocket, type WebsocketTarget } from "../websocket/index.ts";
import { ResponseChain } from "./response/response-chain.ts";
import type { Conversation } from "./request/conversation.ts";
import { optionHints, type OpenAIResponsesLLMServiceOptions, websocketServiceChecks } from "./options.ts";
import { type OpenAIRunInferenceOptions, ResponsesClient } from "./responses-client.ts";
import { createMessage, requestDetails } from "./request/create-message.ts";
import { ProgressWatch } from "./response/progress-timeouts.ts";
import type { Exchange } from "./connection/exchange.ts";
import { Tenant } from "./connection/lanes.ts";
import { ConnectionManager, type Lease } from "./connection/connection-manager.ts";
import { defaultConnectionAgeMs, type ResponsesConnectionPool } from "./connection/pool.ts";
import type { ResponsesConnection } from "./connection/responses-connection.ts";
import { type Attempt, HttpFallback, type OnRetry, type RecoveryAction } from "./retry/index.ts";
import type { OpenAIResponsesLLMSettings } from "./settings.ts";
import type { SteeringInput, SteeringOutcome } from "./response/steer-ledger.ts";
import { Steering } from "./response/steering.ts";
import { ServerCapabilities } from "./connection/server-capabilities.ts";
import { WarmUp } from "./warm-up.ts";

/** How long a server may take to say what becomes of what was said to a response that has ended, in milliseconds. */
const steeringAnswerTimeoutMs = 1000;

/**
 * The OpenAI Responses API over one persistent WebSocket: the default. After the first turn only what is new of a
 * conversation is sent, as long as it continues what the server answered to the letter; else all of it. An interrupted
 * turn holds up no other: the next one takes another lane. Nothing is stored at the provider.
 *
 * @example
 * await using llm = new OpenAIResponsesLLMService({ model: "gpt-4.1" });
 * const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
 * for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) process.stdout.write(frame.text);
 */
export class OpenAIResponsesLLMService extends WebsocketLLMService {
  readonly #client: ResponsesClient;
  readonly #options: OpenAIResponsesLLMServiceOptions;
  readonly #httpFallback: HttpFallback;
  readonly #tenant = new Tenant();
  readonly #running = new Map<Inference, Steering>();
  readonly #warmUp: WarmUp;
  #manager: ConnectionManager | undefined;
  #leaving: Promise<unknown> | undefined;

  constructor(options: OpenAIResponsesLLMServiceOptions = {}) {
    super(checkOptions("OpenAIResponsesLLMService", options, websocketServiceChecks, optionHints));
    const { logger, clock } = this;
    const random = options.environment?.random ?? Math.random;
    this.#client = new ResponsesClient(options, { logger, clock, random });
    this.#options = options;
    this.#httpFallback = new HttpFallback(this.clock);
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
  override runInference(context: LLMContext, options: OpenAIRunInferenceOptions = {}): Promise<string> {
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
   * Says something to the turn that is running: the model takes it into account without being interrupted. What was said
   * stands in the conversation where it was taken into account.
   * @throws SteeringError when no turn is running or the model or server cannot be steered; the input is in it.
   */
  async steer(input: SteeringInput): Promise<SteeringOutcome> {
    const steering = [...this.#running.values()].at(-1);
    if (steering === undefined)
      throw new SteeringError("no_running_turn", "no turn is running that could be steered", input);
    return steering.add(input);
  }

  /**
   * Gives the server the conversation so far, so that the next turn sends only what is new. Answers whether it did: it
   * does not where the server does not know how, or where it would be in the way of a turn.
   */
  async warmUp(context: LLMContext = this.#warmUp.context): Promise<boolean> {
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

  protected override ensureConnected(signal?: AbortSignal): ReturnType<WebsocketLLMService["ensureConnected"]> {
    this.#currentManager();
    return super.ensureConnected(signal);
  }

  protected override async inference(context: LLMContext, turn: Inference): Promise<InferenceResult> {
    this.#warmUp.context = context;
    turn.trace.wastedCharacters = this.#tenant.takeWasted();
    let lease: Lease | undefined;
    const onRetry: OnRetry = (decision, error) => {
      if (error instanceof TimeoutError) this.events.emit("completionTimeout");
      if (decision.kind === "use-http" && decision.lasting) this.#httpFallback.trip();
      if (decision.kind === "retry" && lease !== undefined) this.#recover(decision.action, decision.reason, lease);
    };
    const canUseHttp = this.#options.httpFallback ?? true;
    const options = {
      canUseHttp,
      reconnects: this.#options.reconnectOnError ?? true,
      overHttp: canUseHttp && this.#httpFallback.isOn,
      onRetry,
    };
    const steering = new Steering();
    this.#running.set(turn, steering);
    try {
      return await this.#client.infer(turn, options, async (attempt) => {
        if (attempt.overHttp) {
          steering.end("steering_not_supported", "a turn over HTTP cannot be steered");
          return this.#client.inferOverHttp(context, turn, attempt);
        }
        const conversation = this.#client.conversationFor(context, turn, attempt);
        lease = await this.#acquire(conversation, turn, attempt);
        steering.moveTo(lease.exchange);
        return this.#exchange(lease, context, conversation, turn, attempt, steering);
      });
    } finally {
      this.#running.delete(turn);
      steering.end("response_already_completed", "the turn ended before it was steered");
    }
  }

  /** Prepares the next attempt after one that failed. */
  #recover(action: RecoveryAction, reason: RetryReason, lease: Lease): void {
    if (action === "forget-parent") lease.exchange.forgetParent();
    else if (action === "replace-connection") void lease.connection.retire(reason);
    else if (action === "use-no-lanes") this.#currentManager().capabilities.learnLanes(false);
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

  #acquire(conversation: Conversation, turn: Inference, attempt: Attempt): Promise<Lease> {
    const { signal } = turn;
    const onPhase = (phase: "connecting" | "waiting"): void => turn.trace.enter(`${phase}Ms`);
    return this.#currentManager().acquire(this.#tenant, conversation, { signal, onPhase, reason: attempt.reason });
  }

  async #exchange(
    lease: Lease,
    context: LLMContext,
    conversation: Conversation,
    turn: Inference,
    attempt: Attempt,
    steering: Steering,
  ): Promise<InferenceResult> {
    const { exchange, plan } = lease;
    const chain = new ResponseChain(conversation, turn, steering);
    let succeeded = false;
    try {
      const sending = { conversation, plan, lane: exchange.lane.name };
      const message = createMessage(this.#client.requestFields(context), sending);
      turn.trace.sending(requestDetails(message, sending));
      using watch = new ProgressWatch(this.#client.progressLimits(attempt), turn, this.clock);
      await this.wsSend(message, turn.signal, exchange);
      const result = await this.#receive(exchange, chain, turn, watch);
      succeeded = true;
      this.#httpFallback.clear();
      this.exchangeSucceeded();
      return result;
    } finally {
      if (!succeeded) this.#leave(lease, chain, turn);
    }
  }

  /** Leaves an exchange that did not come to a good end. */
  #leave({ exchange, connection }: Lease, chain: ResponseChain, turn: Inference): void {
    if (chain.ended && exchange.phase.kind === "settling") return exchange.fail();
    exchange.abandon();
    const isCut = turn.signal.aborted && this.#options.onInterrupt === "disconnect" && exchange.phase.kind !== "closed";
    if (isCut) void this.#cut(connection, exchange);
  }

  /** Takes the conversation to another connection, so that an abandoned reply is not generated to its end. */
  async #cut(connection: ResponsesConnection, exchange: Exchange): Promise<void> {
    const manager = this.#manager;
    // What is generated for others on the connection goes on, and what they may continue stays there.
    if (manager === undefined || manager.tenants.size > 1) return;
    const over = new AbortController();
    const end = (): void => over.abort(new DOMException("the reply has ended by itself", "AbortError"));
    void connection.ended(exchange).then(end);
    const prepare = async (next: ResponsesConnection): Promise<void> => void (await this.#warmUpOn(next));
    const why = "it was left to an abandoned response";
    await manager.switchToSpare(why, prepare, over.signal).catch(() => undefined);
  }

  async #receive(
    exchange: Exchange,
    chain: ResponseChain,
    turn: Inference,
    watch: ProgressWatch,
  ): Promise<InferenceResult> {
    // One listener for the exchange, not one for each event.
    const removeListener = onAbort(watch.signal, (reason) => exchange.interrupt(reason));
    try {
      while (chain.result === undefined) {
        throwIfAborted(watch.signal);
        const accepted = chain.take(exchange.poll() ?? (await this.#nextEvent(exchange, turn, watch)));
        if (accepted !== undefined) await accepted;
        if (chain.result !== undefined && chain.isUndecided) await this.#awaitSteering(exchange, chain, watch);
        watch.touch();
      }
    } finally {
      removeListener();
    }
    exchange.end(chain.continuable);
    return chain.result;
  }

  #nextEvent(exchange: Exchange, turn: Inference, { signal }: ProgressWatch): Promise<RawEvent> {
    // After output a lost connection is not replaced for this turn, which cannot start again.
    return turn.hasOutput ? exchange.receive() : this.wsRecv(signal, exchange);
  }

  /** The response has ended; waits for the server to say whether a successor follows. */
  async #awaitSteering(exchange: Exchange, chain: ResponseChain, watch: ProgressWatch): Promise<void> {
    const { firstEventMs } = this.#client.progressLimits({ isFirst: false });
    const limitMs = chain.hasSuccessor ? firstEventMs : steeringAnswerTimeoutMs;
    using limit = new Deadline("steering", limitMs, { signal: watch.signal, clock: this.clock });
    try {
      while (chain.result !== undefined && chain.isUndecided) await chain.take(await exchange.receive(limit.signal));
    } catch (error) {
      // The reply is whole as it is. A successor that may still follow must not meet another turn.
      if (chain.result === undefined || chain.hasSuccessor) throw error;
      if (this.#manager?.capabilities.lanes !== true)
        void this.#manager?.current?.retire("a steered response may follow");
    }
  }
}
