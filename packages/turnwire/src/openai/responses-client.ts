import type { Clock, Logger, Random } from "../async/index.ts";
import type { LLMContext, LLMMessage } from "../context/index.ts";
import type { Inference, InferenceResult, RunInferenceOptions } from "../llm/index.ts";
import type { WebsocketTarget } from "../websocket/index.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { askOnce, inferOverHttp } from "./http/index.ts";
import {
  ContextAdapter,
  type Conversation,
  isKnownNotToReason,
  requestFields,
  type RequestFields,
  type ResponseFormat,
  type ServiceTier,
} from "./request/index.ts";
import type { ProgressLimits } from "./response/index.ts";
import { type Attempt, type RetriedWork, type RetryOptions, withRetries } from "./retry/index.ts";
import { changedSettings, initialSettings, type OpenAIResponsesLLMSettings } from "./settings.ts";

/** Options of both Responses services. */
export interface OpenAIResponsesOptions extends EndpointOptions {
  /** Such as `auto`, `flex` or `priority`. */
  serviceTier?: ServiceTier;
  /** May be changed later with `updateSettings`. */
  settings?: Partial<OpenAIResponsesLLMSettings>;
  /** Whether a turn without output after `retryTimeoutMs` is asked again, once; default false. */
  retryOnTimeout?: boolean;
  /** Default 5000. */
  retryTimeoutMs?: number;
  /** How long a server may take to answer with its first event, in milliseconds; default 60 000. */
  firstEventTimeoutMs?: number;
  /** How long it may be silent between two events, in milliseconds; default: as long as it takes to think. */
  idleEventTimeoutMs?: number;
  /** How long a turn may wait in all before it is asked again, when the server is busy, in milliseconds; default 10 000. */
  retryBudgetMs?: number;
  /**
   * What becomes of a turn whose connection is lost after output: `fail`, the default, ends it with an error that says how
   * much was delivered; `continue` asks the model to go on where it stopped.
   */
  onLost?: "fail" | "continue";
}

export interface OpenAIRunInferenceOptions extends RunInferenceOptions {
  /** Asks for JSON that conforms to a schema. */
  responseFormat?: ResponseFormat;
}

/** What a service lends. */
export interface Tools {
  logger: Logger;
  clock: Clock;
  random: Random;
}

const resumeNote: LLMMessage = {
  role: "developer",
  content: "Your last reply broke off for a technical reason. Go on exactly where it stops; repeat nothing.",
};

/** What both Responses services are made of: their settings, requests, inference over HTTP, and `runInference`. */
export class ResponsesClient {
  readonly #options: OpenAIResponsesOptions;
  readonly #tools: Tools;
  readonly #endpoint: Endpoint;
  readonly #adapter: ContextAdapter;
  readonly #warned = new Set<string>();
  #settings: OpenAIResponsesLLMSettings;

  /** @throws InvalidArgumentError */
  constructor(options: OpenAIResponsesOptions, tools: Tools) {
    this.#options = options;
    this.#tools = tools;
    this.#endpoint = new Endpoint(options);
    this.#adapter = new ContextAdapter(tools.logger);
    this.#settings = initialSettings(options.settings);
  }

  get settings(): OpenAIResponsesLLMSettings {
    return this.#settings;
  }

  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    this.#settings = changedSettings(this.#settings, changes);
  }

  /** Where the WebSocket goes. */
  websocketTarget(): Promise<WebsocketTarget> {
    return this.#endpoint.websocket();
  }

  toConversation(context: Pick<LLMContext, "messages">): Conversation {
    return this.#adapter.toConversation(context);
  }

  /** The conversation to make an attempt with. */
  conversationFor(context: LLMContext, inference: Inference, attempt: Attempt): Conversation {
    if (!attempt.resume) return this.toConversation(context);
    const partial: LLMMessage = { role: "assistant", content: inference.text };
    return this.toConversation({ messages: [...context.messages, partial, resumeNote] });
  }

  /** The fields of a request beside the conversation, from the settings as they are now. */
  requestFields(context: LLMContext, responseFormat?: ResponseFormat): RequestFields {
    const { model, reasoning } = this.#settings;
    if (reasoning !== undefined && isKnownNotToReason(model) && !this.#warned.has(model)) {
      this.#warned.add(model);
      this.#tools.logger.warn(`the model ${model} is not known to reason; the API may refuse the reasoning setting`);
    }
    const { serviceTier } = this.#options;
    return requestFields({ settings: this.#settings, context, serviceTier, responseFormat });
  }

  /** How long the server may make no progress in an attempt. */
  progressLimits(attempt: Pick<Attempt, "isFirst">): ProgressLimits {
    const { firstEventTimeoutMs = 60_000, idleEventTimeoutMs, retryTimeoutMs = 5000, retryOnTimeout } = this.#options;
    const outputTimeoutMs = retryOnTimeout === true && attempt.isFirst ? retryTimeoutMs : undefined;
    return { firstEventTimeoutMs, idleEventTimeoutMs, outputTimeoutMs };
  }

  /** Makes attempts at an inference, or at work like it. `allowed`: what the transport adds to the options. */
  infer<Result>(
    work: RetriedWork,
    allowed: Pick<RetryOptions, "canUseHttp" | "overHttp" | "reconnects" | "onRetry">,
    attempt: (attempt: Attempt) => Promise<Result>,
  ): Promise<Result> {
    const { retryOnTimeout = false, onLost = "fail", retryBudgetMs = 10_000 } = this.#options;
    const { random, clock } = this.#tools;
    const options = { ...allowed, retryOnTimeout, onLost, budgetMs: retryBudgetMs, random, clock };
    return withRetries(work, options, attempt);
  }

  /** Makes one attempt at an inference over HTTP. */
  async inferOverHttp(context: LLMContext, inference: Inference, attempt: Attempt): Promise<InferenceResult> {
    const conversation = this.conversationFor(context, inference, attempt);
    const fields = this.requestFields(context);
    const limits = this.progressLimits(attempt);
    const target = await this.#endpoint.http();
    const { clock } = this.#tools;
    return inferOverHttp(inference, { target, fields, conversation, reason: attempt.reason, limits, clock });
  }

  /** One answer outside of the conversation, always over HTTP. */
  async runInference(context: LLMContext, options: OpenAIRunInferenceOptions, signal: AbortSignal): Promise<string> {
    const fields = this.requestFields(context, options.responseFormat);
    if (options.systemInstruction !== undefined) fields.instructions = options.systemInstruction;
    if (options.maxTokens !== undefined) fields.max_output_tokens = options.maxTokens;
    delete fields.tools;
    delete fields.tool_choice;
    const conversation = this.toConversation(context);
    const trace = { continued: false, retrying: () => undefined };
    const work = { signal, hasOutput: false, characters: 0, trace };
    const allowed = { canUseHttp: false, overHttp: true, reconnects: false, onRetry: () => undefined };
    return this.infer(work, allowed, async () => askOnce(await this.#endpoint.http(), fields, conversation, signal));
  }
}
