import { type Clock, Deadline, onAbort, throwIfAborted } from "../../async/index.ts";
import type { LLMContext } from "../../context/index.ts";
import type { Inference, InferenceResult, RetryReason } from "../../llm/index.ts";
import type { WebsocketConnection } from "../../websocket/index.ts";
import type { ConnectionManager, Exchange, Lease, Tenant } from "../connection/index.ts";
import { createMessage, requestDetails } from "../request/index.ts";
import { ProgressWatch, Reply, SteerQueue } from "../response/index.ts";
import type { ResponsesClient } from "../http/index.ts";
import type { Attempt, RecoveryAction } from "../retry/index.ts";

/** The parts of the service that an inference uses. */
export interface InferenceHost {
  readonly client: ResponsesClient;
  readonly tenant: Tenant;
  readonly clock: Clock;
  /** Keeps the connection for the next attempt. */
  manager(): ConnectionManager;
  /** Replaces a connection that was lost before output, and returns the error to throw. */
  replaceLost(connection: WebsocketConnection, error: unknown, signal: AbortSignal): Promise<unknown>;
  /** A reply has been read to its end. */
  onSuccess(): void;
  /** The turn was interrupted, and the server may go on generating the reply. */
  onInterrupted(lease: Lease): void;
}

/** How long a server may take to say whether a steered response has a successor, in milliseconds. */
const steeringAnswerTimeoutMs = 1000;

/** One inference over the WebSocket. Each attempt is an exchange on a lane. */
export class WebsocketInference {
  readonly steering = new SteerQueue();
  readonly #host: InferenceHost;
  readonly #context: LLMContext;
  readonly #inference: Inference;
  #lease: Lease | undefined;

  constructor(host: InferenceHost, context: LLMContext, inference: Inference) {
    this.#host = host;
    this.#context = context;
    this.#inference = inference;
  }

  /**
   * Makes one attempt.
   * @throws WebsocketReconnectedError when the connection was lost before output and has been replaced.
   */
  async attempt(attempt: Attempt): Promise<InferenceResult> {
    const { client, tenant, clock } = this.#host;
    const { signal, trace } = this.#inference;
    const conversation = client.conversationFor(this.#context, this.#inference, attempt);
    const onPhase = (phase: "connecting" | "waiting"): void => trace.enter(`${phase}Ms`);
    const lease = await this.#host.manager().acquire(tenant, conversation, { signal, onPhase, reason: attempt.reason });
    const { exchange, plan } = (this.#lease = lease);
    this.steering.moveTo(exchange);
    const reply = new Reply(conversation, this.#inference, this.steering);
    try {
      const sending = { conversation, plan, lane: exchange.lane.name };
      const message = createMessage(client.requestFields(this.#context), sending);
      trace.sending(requestDetails(message, sending));
      using watch = new ProgressWatch(client.progressLimits(attempt), this.#inference, clock);
      exchange.send(message);
      const result = await this.#receive(exchange, reply, watch);
      this.#host.onSuccess();
      return result;
    } catch (error) {
      this.#leave(lease, reply);
      // After output the exchange cannot start again.
      throw this.#inference.hasOutput ? error : await this.#host.replaceLost(exchange.connection, error, signal);
    }
  }

  /** Prepares the next attempt after one that failed. */
  recover(action: RecoveryAction, reason: RetryReason): void {
    if (action === "forget-parent") this.#lease?.exchange.forgetParent();
    else if (action === "replace-connection") void this.#lease?.connection.retire(reason);
    else if (action === "use-no-lanes") this.#host.manager().capabilities.learnLanes(false);
  }

  async #receive(exchange: Exchange, reply: Reply, watch: ProgressWatch): Promise<InferenceResult> {
    // One listener for the exchange, not one for each event.
    const removeListener = onAbort(watch.signal, (reason) => exchange.interrupt(reason));
    try {
      while (reply.result === undefined) {
        throwIfAborted(watch.signal);
        const accepted = reply.take(exchange.poll() ?? (await exchange.receive()));
        // Events that came together count as one: the clock is not read for each.
        if (accepted === undefined && reply.result === undefined && !exchange.isEmpty) continue;
        watch.touch();
        if (accepted !== undefined) await accepted;
        if (reply.result !== undefined && reply.isUndecided) await this.#awaitSteering(exchange, reply, watch);
        watch.touch();
      }
    } finally {
      removeListener();
    }
    exchange.end(reply.continuable);
    return reply.result;
  }

  /** The response has ended; waits for the server to say whether a successor follows. */
  async #awaitSteering(exchange: Exchange, reply: Reply, watch: ProgressWatch): Promise<void> {
    const { client, clock } = this.#host;
    const { firstEventMs } = client.progressLimits({ isFirst: false });
    const limitMs = reply.hasSuccessor ? firstEventMs : steeringAnswerTimeoutMs;
    using limit = new Deadline("steering", limitMs, { signal: watch.signal, clock });
    try {
      while (reply.result !== undefined && reply.isUndecided) await reply.take(await exchange.receive(limit.signal));
    } catch (error) {
      // The reply is whole as it is. A successor that may still follow must not meet another turn.
      if (reply.result === undefined || reply.hasSuccessor) throw error;
      if (this.#host.manager().capabilities.lanes !== true)
        void this.#lease?.connection.retire("a steered response may follow");
    }
  }

  /** Leaves an exchange that did not come to a good end. */
  #leave(lease: Lease, reply: Reply): void {
    const { exchange } = lease;
    if (reply.ended && exchange.phase.kind === "settling") return exchange.fail();
    exchange.abandon();
    if (this.#inference.signal.aborted && exchange.phase.kind !== "closed") this.#host.onInterrupted(lease);
  }
}
