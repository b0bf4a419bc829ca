import { Deadline, onAbort, throwIfAborted } from "../async/index.ts";
import { LLMContext } from "../context/index.ts";
import { SteeringError, TimeoutError } from "../errors.ts";
import type { RawEvent } from "../protocol/index.ts";
import {
  type InferenceResult,
  type RetryReason,
  type Inference,
  WebsocketLLMService,
  type WebsocketLLMServiceOptions,
} from "../llm/index.ts";
import { ReconnectingWebsocket, type WebsocketTarget } from "../websocket/index.ts";
import type { Plan } from "./request/continuation.ts";
import { Answer } from "./response/response-chain.ts";
import type { Conversation } from "./request/conversation.ts";
import { type OpenAIResponsesOptions, type OpenAIRunInferenceOptions, ResponsesClient } from "./responses-client.ts";
import { createMessage, requestDetails } from "./request/create-message.ts";
import { ProgressWatch } from "./response/progress-timeouts.ts";
import type { Exchange, Lane } from "./connection/exchange.ts";
import { Line, type Seat } from "./connection/connection-manager.ts";
import { defaultConnectionAgeMs, type ResponsesConnectionPool } from "./connection/pool.ts";
import type { ResponsesConnection } from "./connection/responses-connection.ts";
import { type Attempt, HttpFallback, type OnRetry, type RecoveryAction } from "./retry/index.ts";
import type { OpenAIResponsesLLMSettings } from "./settings.ts";
import { Steering, type SteeringInput, type SteeringOutcome } from "./response/steering.ts";
import { ServerTraits } from "./connection/server-capabilities.ts";
import { WarmUp } from "./warm-up.ts";

export interface OpenAIResponsesLLMServiceOptions extends WebsocketLLMServiceOptions, OpenAIResponsesOptions {
  /**
   * How long the rest of an interrupted response may hold up a connection to a server without lanes before it is
   * replaced, in milliseconds; default 1000. No turn waits for it: a second connection is made meanwhile.
   */
  drainTimeoutMs?: number;
  /** Whether a second connection is kept open for when the first is lost or held up; default false. Not with a pool. */
  standby?: boolean;
  /**
   * What becomes of an interrupted reply at a server that does not cancel: `run`, the default, lets it be generated to its
   * end; `cut` goes over to another connection in the background and closes the one it is generated on.
   */
  abandoned?: "run" | "cut";
  /**
   * Whether the server is given the conversation so far at the start and after every reconnect, before it is asked
   * anything, so that the next turn is incremental; a context: that one, at the start. Default false.
   */
  warmUp?: boolean | LLMContext;
  /** When a connection is replaced, while nothing is under way, in milliseconds; default 55 minutes. Not with a pool. */
  maxConnectionAgeMs?: number;
  /** Whether a turn goes over HTTP where no WebSocket is to be had; default true. */
  httpFallback?: boolean;
  /** Connections shared with other services. */
  pool?: ResponsesConnectionPool;
}

/** How long a server may take to say what becomes of what was said to a response that has ended, in milliseconds. */
const steeringAnswerTimeoutMs = 1000;

/**
 * The OpenAI Responses API over one persistent WebSocket: the default. After the first turn only what is new of a
 * conversation is sent, as long as it continues what the server answered to the letter; else all of it. An interrupted
 * turn holds up no other: the next one takes another lane. Nothing is stored at the provider.
 *
 * @example
 * await using llm = new OpenAIResponsesLLMService({ settings: { model: "gpt-4.1" } });
 * const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
 * for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) process.stdout.write(frame.text);
 */
export class OpenAIResponsesLLMService extends WebsocketLLMService {
  readonly #client: ResponsesClient;
  readonly #options: OpenAIResponsesLLMServiceOptions;
  readonly #httpFallback: HttpFallback;
  readonly #owner = { wasted: 0 };
  readonly #running = new Map<Inference, Steering>();
  readonly #warmUp: WarmUp;
  #line: Line | undefined;
  #leaving: Promise<unknown> | undefined;

  constructor(options: OpenAIResponsesLLMServiceOptions = {}) {
    super(options);
    const { logger, clock } = this;
    this.#client = new ResponsesClient(options, { logger, clock, random: options.random ?? Math.random });
    this.#options = options;
    this.#httpFallback = new HttpFallback(this.clock);
    const context = options.warmUp instanceof LLMContext ? options.warmUp : new LLMContext();
    this.#warmUp = new WarmUp(this.#client, this.#owner, context);
    if (options.warmUp) this.on("connected", () => void this.#warmUpOn(this.#line?.current));
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
    return this.#line?.current !== undefined;
  }

  override async disconnect(): Promise<void> {
    const line = this.#line;
    if (line !== undefined && this.#options.pool === undefined) return line.close();
    // A service that has left its pool has no connection to close; the pool's belongs to others.
    this.#line = undefined;
    if (line !== undefined) this.#leaving = Promise.all([this.#leaving, this.#leavePool(line, this.#options.pool)]);
    await this.#leaving;
  }

  async #leavePool(line: Line, pool: ResponsesConnectionPool | undefined): Promise<void> {
    for (const exchange of line.current?.exchanges ?? []) {
      if (exchange.owner === this.#owner) line.current?.abandon(exchange);
    }
    await pool?.leave(this.#owner, line);
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
    return this.#warmUpOn(this.#currentLine().current);
  }

  async #warmUpOn(connection: ResponsesConnection | undefined): Promise<boolean> {
    const line = this.#line;
    const isIdle = line !== undefined && this.#running.size === 0;
    return isIdle && connection !== undefined && this.#warmUp.on(line, connection);
  }

  protected override get model(): string {
    return this.#client.settings.model;
  }

  protected override websocketTarget(): Promise<WebsocketTarget> {
    return this.#client.websocketTarget();
  }

  protected override ensureConnected(signal?: AbortSignal): ReturnType<WebsocketLLMService["ensureConnected"]> {
    this.#currentLine();
    return super.ensureConnected(signal);
  }

  protected override async inference(context: LLMContext, turn: Inference): Promise<InferenceResult> {
    this.#warmUp.context = context;
    turn.trace.wastedCharacters = this.#owner.wasted;
    this.#owner.wasted = 0;
    let seat: Seat | undefined;
    const onRetry: OnRetry = (decision, error) => {
      if (error instanceof TimeoutError) this.events.emit("completionTimeout");
      if (decision.kind === "use-http" && decision.lasting) this.#httpFallback.trip();
      if (decision.kind === "retry" && seat !== undefined) this.#recover(decision.action, decision.reason, seat);
    };
    const canUseHttp = this.#options.httpFallback ?? true;
    const options = {
      canUseHttp,
      reconnects: this.#options.reconnectOnError ?? true,
      overHttp: canUseHttp && this.#httpFallback.isOn,
      onRetry,
    };
    const steering = new Steering((event) => {
      // Over a connection that is gone nothing is said; the turn ends or starts again by itself.
      if (seat === undefined || !seat.exchange.connection.isOpen) return;
      seat.exchange.steer(JSON.stringify(event));
    });
    this.#running.set(turn, steering);
    try {
      return await this.#client.infer(turn, options, async (attempt) => {
        if (attempt.overHttp) {
          steering.end("steering_not_supported", "a turn over HTTP cannot be steered");
          return this.#client.inferOverHttp(context, turn, attempt);
        }
        const conversation = this.#client.conversationFor(context, turn, attempt);
        seat = await this.#seat(conversation, turn, attempt);
        return this.#exchange(seat, context, conversation, turn, attempt, steering);
      });
    } finally {
      this.#running.delete(turn);
      steering.end("response_already_completed", "the turn ended before it was steered");
    }
  }

  /** Prepares the next attempt after one that failed on the seat. */
  #recover(action: RecoveryAction, reason: RetryReason, seat: Seat): void {
    if (action === "forget-parent") {
      const parent = seat.plan.parent?.holder;
      if (parent?.latest?.responseId === seat.plan.parent?.responseId && parent !== undefined)
        parent.latest = undefined;
    } else if (action === "replace-connection") {
      void seat.connection.retire(reason);
    } else if (action === "use-no-lanes") {
      this.#currentLine().traits.lanes = "no";
    }
  }

  #currentLine(): Line {
    const { pool } = this.#options;
    const own = this.#line;
    if (own !== undefined && (pool === undefined || own.traits.lanes !== "no" || own.owners.size === 1)) return own;
    if (pool !== undefined) {
      const makeWebsocket = (): ReconnectingWebsocket =>
        new ReconnectingWebsocket(() => this.websocketTarget(), {
          ...this.#options,
          clock: this.clock,
          logger: this.logger,
        });
      const line = pool.join(this.#owner, makeWebsocket);
      if (own !== undefined && own !== line) void pool.leave(this.#owner, own);
      if (own !== line) this.useWebsocket(line.websocket);
      return (this.#line = line);
    }
    const { drainTimeoutMs = 1000, standby = false, maxConnectionAgeMs = defaultConnectionAgeMs } = this.#options;
    const { clock, logger } = this;
    const traits = new ServerTraits(maxConnectionAgeMs);
    this.#line = new Line(this.websocket, { drainTimeoutMs, standby, traits, clock, logger });
    this.#line.owners.add(this.#owner);
    return this.#line;
  }

  #seat(conversation: Conversation, turn: Inference, attempt: Attempt): Promise<Seat> {
    const { signal } = turn;
    const onPhase = (phase: "connectingMs" | "waitingMs"): void => turn.trace.enter(phase);
    return this.#currentLine().seat(this.#owner, conversation, { signal, onPhase, reason: attempt.reason });
  }

  async #exchange(
    seat: Seat,
    context: LLMContext,
    conversation: Conversation,
    turn: Inference,
    attempt: Attempt,
    steering: Steering,
  ): Promise<InferenceResult> {
    const { exchange, connection, plan } = seat;
    const answer = new Answer(exchange, conversation, turn, steering);
    let succeeded = false;
    try {
      const sending = { conversation, plan, lane: exchange.lane.name };
      const message = createMessage(this.#client.requestFields(context), sending);
      turn.trace.sending(requestDetails(message, sending));
      using watch = new ProgressWatch(this.#client.progressLimits(attempt), turn, this.clock);
      await this.wsSend(message, turn.signal, exchange);
      const result = await this.#receive(exchange, answer, turn, watch);
      succeeded = true;
      this.#httpFallback.clear();
      this.exchangeSucceeded();
      return result;
    } finally {
      if (!succeeded) this.#leave(connection, exchange, plan, answer, turn);
    }
  }

  /** Leaves an exchange that did not come to a good end. */
  #leave(connection: ResponsesConnection, exchange: Exchange, plan: Plan<Lane>, answer: Answer, turn: Inference): void {
    if (answer.ended && exchange.hasResponseEnded) {
      // A server forgets what a failed request on the same lane was to continue.
      if (plan.parent?.holder === exchange.lane) exchange.lane.latest = undefined;
      exchange.end();
      return;
    }
    exchange.onWasted = (characters) => (this.#owner.wasted += characters);
    connection.abandon(exchange);
    if (turn.signal.aborted && this.#options.abandoned === "cut" && !exchange.isOver)
      void this.#cut(connection, exchange);
  }

  /** Takes the conversation to another connection, so that an abandoned reply is not generated to its end. */
  async #cut(connection: ResponsesConnection, exchange: Exchange): Promise<void> {
    const line = this.#line;
    // What is generated for others on the connection goes on, and what they may continue stays there.
    if (line === undefined || line.owners.size > 1) return;
    const over = new AbortController();
    void (async () => {
      while (!exchange.isOver && connection.connection.isOpen) await connection.changed();
      over.abort(new DOMException("the reply has ended by itself", "AbortError"));
    })();
    const prepare = async (next: ResponsesConnection): Promise<void> => void (await this.#warmUpOn(next));
    await line.hop("it was left to an abandoned response", prepare, over.signal).catch(() => undefined);
  }

  async #receive(exchange: Exchange, answer: Answer, turn: Inference, watch: ProgressWatch): Promise<InferenceResult> {
    // Listened to once, not for each event: events come by the thousand.
    const removeListener = onAbort(watch.signal, (reason) => exchange.interrupt(reason));
    try {
      while (answer.result === undefined) {
        throwIfAborted(watch.signal);
        const accepted = answer.take(exchange.poll() ?? (await this.#nextEvent(exchange, turn, watch)));
        if (accepted !== undefined) await accepted;
        if (answer.result !== undefined && answer.isUndecided) await this.#awaitSteering(exchange, answer, watch);
        watch.touch();
      }
    } finally {
      removeListener();
    }
    exchange.end(answer.continuable);
    return answer.result;
  }

  #nextEvent(exchange: Exchange, turn: Inference, { signal }: ProgressWatch): Promise<RawEvent> {
    // After output a lost connection is not replaced for this turn, which cannot start again.
    return turn.hasOutput ? exchange.receive() : this.wsRecv(signal, exchange);
  }

  /** The response has ended, and the server has not said whether another follows from what was said to it. */
  async #awaitSteering(exchange: Exchange, answer: Answer, watch: ProgressWatch): Promise<void> {
    const { firstEventTimeoutMs } = this.#client.progressLimits({ isFirst: false });
    const limitMs = answer.hasSuccessor ? firstEventTimeoutMs : steeringAnswerTimeoutMs;
    using limit = new Deadline("steering", limitMs, { signal: watch.signal, clock: this.clock });
    try {
      while (answer.result !== undefined && answer.isUndecided) await answer.take(await exchange.receive(limit.signal));
    } catch (error) {
      // The answer is whole as it is. What might still follow from it must not meet another turn.
      if (answer.result === undefined || answer.hasSuccessor) throw error;
      answer.leaveUndecided();
      if (this.#line?.traits.lanes !== "yes") void this.#line?.current?.retire("a steered response may follow");
    }
  }
}
