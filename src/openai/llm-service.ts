import { Deadline } from "../async/index.ts";
import type { LLMContext } from "../context/index.ts";
import { ProviderError, TimeoutError } from "../errors.ts";
import { isErrorEvent, isTerminalEvent, parseEvent, type RawEvent } from "../protocol/index.ts";
import {
  type InferenceResult,
  type Turn,
  WebsocketLLMService,
  type WebsocketLLMServiceOptions,
} from "../services/index.ts";
import type { WebsocketConnection, WebsocketTarget } from "../websocket/index.ts";
import { ResponsesChannel } from "./channel.ts";
import type { Plan } from "./continuation.ts";
import type { Conversation } from "./conversation.ts";
import { type OpenAIResponsesOptions, type OpenAIRunInferenceOptions, ResponsesCore } from "./core.ts";
import { ambiguousCode } from "./faults.ts";
import type { ResponseReader } from "./reader.ts";
import type { OpenAIResponsesLLMSettings } from "./settings.ts";
import { TurnLock } from "./turn-lock.ts";

export interface OpenAIResponsesLLMServiceOptions extends WebsocketLLMServiceOptions, OpenAIResponsesOptions {
  /** Default: `baseURL` with the scheme `ws` or `wss` and `/responses` behind it. */
  wsURL?: string;
  /**
   * How long the rest of an interrupted response may take to pass before its connection is replaced, in milliseconds;
   * default 1000.
   */
  drainTimeoutMs?: number;
}

/**
 * The OpenAI Responses API over one persistent WebSocket: the default. After the first turn only what is new of a
 * conversation is sent, as long as it continues what the server answered to the letter; else all of it. Nothing is
 * stored at the provider.
 *
 * @example
 * await using llm = new OpenAIResponsesLLMService({ settings: { model: "gpt-4.1" } });
 * const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
 * for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) process.stdout.write(frame.text);
 */
export class OpenAIResponsesLLMService extends WebsocketLLMService {
  readonly #core: ResponsesCore;
  readonly #wsURL: string | undefined;
  readonly #drainTimeoutMs: number;
  readonly #channels = new WeakMap<WebsocketConnection, ResponsesChannel>();
  readonly #lock = new TurnLock();
  #channel: ResponsesChannel | undefined;

  constructor(options: OpenAIResponsesLLMServiceOptions = {}) {
    super(options);
    this.#core = new ResponsesCore(options, this.logger);
    this.#wsURL = options.wsURL;
    this.#drainTimeoutMs = options.drainTimeoutMs ?? 1000;
  }

  /** The settings as they are now. */
  get settings(): Readonly<OpenAIResponsesLLMSettings> {
    return this.#core.settings;
  }

  override updateSettings(changes: Partial<OpenAIResponsesLLMSettings>): void {
    this.#core.updateSettings(changes);
  }

  /** One answer outside of the conversation, always over HTTP. */
  override runInference(context: LLMContext, options?: OpenAIRunInferenceOptions): Promise<string> {
    return this.#core.runInference(context, options);
  }

  protected override get model(): string {
    return this.#core.settings.model;
  }

  protected override websocketTarget(): Promise<WebsocketTarget> {
    return this.#core.websocketTarget(this.#wsURL);
  }

  protected override async inference(context: LLMContext, turn: Turn): Promise<InferenceResult> {
    // One exchange at a time: deltas of two could not be told apart.
    using _turn = await this.#lock.acquire(turn.signal);
    const conversation = this.#core.toConversation(context);
    return await this.#core.twice(
      turn,
      (whyFull) => this.#exchange(context, conversation, turn, whyFull),
      ({ replace, why }, error) => {
        if (error instanceof TimeoutError) this.events.emit("completionTimeout");
        this.#channel?.continuation.forget(why);
        if (replace) this.#channel?.connection.terminate(why);
      },
    );
  }

  async #exchange(
    context: LLMContext,
    conversation: Conversation,
    turn: Turn,
    whyFull: string | undefined,
  ): Promise<InferenceResult> {
    const channel = await this.#openChannel(turn);
    if (whyFull !== undefined) channel.continuation.forget(whyFull);
    const plan = channel.continuation.plan(conversation);
    const message = this.#message(context, conversation, plan);
    turn.sending(requestDetails(message, conversation, plan));
    const reader = this.#core.newReader();
    try {
      await this.wsSend(message, turn.signal);
      const result = await this.#receive(channel, reader, turn, whyFull === undefined);
      this.#note(channel, reader, conversation);
      return result;
    } catch (error) {
      // A server forgets what a failed request was to continue.
      if (error instanceof ProviderError) channel.continuation.forget("the last request failed");
      throw error;
    } finally {
      channel.sawResponse(reader.responseId);
      if (!reader.ended) channel.abandon({ conversation, responseId: reader.responseId });
    }
  }

  /** A connection with nothing alive on it. */
  async #openChannel(turn: Turn): Promise<ResponsesChannel> {
    turn.enter("waitingMs");
    await this.#channel?.drained(turn.signal);
    turn.enter("connectingMs");
    this.#channel?.readIdle();
    const connection = await this.ensureConnected(turn.signal);
    let channel = this.#channels.get(connection);
    if (channel === undefined) {
      const { clock, logger } = this;
      channel = new ResponsesChannel(connection, { drainTimeoutMs: this.#drainTimeoutMs, clock, logger });
      this.#channels.set(connection, channel);
    }
    this.#channel = channel;
    return channel;
  }

  #message(context: LLMContext, conversation: Conversation, plan: Plan): string {
    return JSON.stringify({
      type: "response.create",
      ...this.#core.requestFields(context),
      ...(plan.previousResponseId === undefined ? {} : { previous_response_id: plan.previousResponseId }),
      input: conversation.wireFrom(plan.from),
    });
  }

  async #receive(
    channel: ResponsesChannel,
    reader: ResponseReader,
    turn: Turn,
    isFirst: boolean,
  ): Promise<InferenceResult> {
    const core = this.#core;
    const forOutput = core.retryOnTimeout && isFirst;
    using limit = forOutput
      ? new Deadline("output", core.retryTimeoutMs, { signal: turn.signal, clock: this.clock })
      : new Deadline("first event", core.firstEventTimeoutMs, { signal: turn.signal, clock: this.clock });
    let { signal } = limit;
    for (;;) {
      const event = parseEvent(await this.wsRecv(signal));
      if (event === undefined || !this.#isOfTurn(event, channel, reader)) continue;
      const result = await core.deliver(reader, event, turn);
      if (result !== undefined) return result;
      if (signal === limit.signal && (!forOutput || turn.hasOutput)) {
        limit[Symbol.dispose]();
        ({ signal } = turn);
      }
    }
  }

  #isOfTurn(event: RawEvent, channel: ResponsesChannel, reader: ResponseReader): boolean {
    // No lane was asked for, so that what comes from one belongs to nobody here.
    if (typeof event.stream_id === "string") return false;
    if (isErrorEvent(event)) {
      const owner = channel.ownerOf(event, reader.responseId);
      if (owner === "unclear") {
        throw new ProviderError(ambiguousCode, "an error came that may be the answer to a cancel", { retryable: true });
      }
      return owner === "turn";
    }
    return !isTerminalEvent(event) || channel.endsResponse(event, reader.responseId);
  }

  #note(channel: ResponsesChannel, reader: ResponseReader, conversation: Conversation): void {
    const { result } = reader;
    this.exchangeSucceeded();
    channel.sawEnd();
    if (result?.completed && result.responseId !== undefined) {
      channel.continuation.commit(result.responseId, conversation, result.output);
    }
  }
}

function requestDetails(message: string, conversation: Conversation, plan: Plan): Parameters<Turn["sending"]>[0] {
  const { previousResponseId, mode, reason } = plan;
  const bytesSent = Buffer.byteLength(message);
  const idBytes = previousResponseId === undefined ? 0 : `"previous_response_id":"${previousResponseId}",`.length;
  return {
    transport: "websocket",
    mode,
    reason,
    itemsSent: conversation.length - plan.from,
    itemsTotal: conversation.length,
    bytesSent,
    bytesFull: bytesSent - idBytes + conversation.bytesUpTo(plan.from),
    ...(previousResponseId === undefined ? {} : { previousResponseId }),
  };
}
