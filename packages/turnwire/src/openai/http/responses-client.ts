import type { Clock, Logger, Random } from "../../async/index.ts";
import { type Check, checkOptions, type Checks, type Hints, is, isRecord } from "../../checks/index.ts";
import {
  checkContext,
  checkObjectSchema,
  functionName,
  isStandardSchema,
  type LLMContext,
} from "../../context/index.ts";
import type { Inference, InferenceResult, RunInferenceOptions } from "../../llm/index.ts";
import type { WebsocketTarget } from "../../websocket/index.ts";
import { type Address, Endpoint } from "../endpoint.ts";
import { inferOverHttp } from "./http-inference.ts";
import { askOnce } from "./run-inference.ts";
import {
  ContextAdapter,
  type Conversation,
  isKnownNotToReason,
  requestFields,
  type RequestFields,
  type ResponseFormat,
  resumedMessages,
} from "../request/index.ts";
import type { ProgressLimits } from "../response/index.ts";
import { type Attempt, type RetriedWork, type RetryOptions, withRetries } from "../retry/index.ts";
import {
  changedSettings,
  type OpenAIResponsesLLMSettings,
  type OpenAIResponsesOptions,
  type OpenAIResponsesTimeouts,
  optionHints,
  settingsOf,
} from "../settings.ts";

export interface OpenAIRunInferenceOptions extends RunInferenceOptions {
  /** Asks for JSON that conforms to a schema. */
  responseFormat?: ResponseFormat;
}

const responseFormat: Check = {
  ...is.group<ResponseFormat>(
    {
      name: is.required(functionName),
      schema: is.required({
        ...is.object,
        within: (value, field) => isRecord(value) && checkObjectSchema(value, field),
      }),
    },
    {
      type: "its fields are given directly: { name, schema }",
      json_schema: "its fields are given directly: { name, schema }",
      strict: "the answer always conforms to the schema",
    },
  ),
  expected: "{ name, schema } (of a Standard Schema: `schema: z.toJSONSchema(schema)`)",
  holds: (value) => isRecord(value) && !isStandardSchema(value),
};

const runInferenceChecks: Checks<OpenAIRunInferenceOptions> = {
  instructions: is.string,
  maxTokens: is.number({ min: 1, integer: true }),
  responseFormat,
  signal: is.signal,
};

export interface ResponsesClientOptions extends OpenAIResponsesOptions {
  timeouts?: OpenAIResponsesTimeouts;
}

/** The tools of the service that the client uses. */
export interface Tools {
  logger: Logger;
  clock: Clock;
  random: Random;
  /** The names of the options that its constructor takes. */
  optionNames: readonly string[];
}

/** The parts that both Responses services share: their settings, requests, inference over HTTP, and `runInference`. */
export class ResponsesClient {
  readonly #options: ResponsesClientOptions;
  readonly #tools: Tools;
  readonly #endpoint: Endpoint;
  readonly #adapter: ContextAdapter;
  readonly #warned = new Set<string>();
  #settings: OpenAIResponsesLLMSettings;

  /** @throws InvalidArgumentError */
  constructor(options: ResponsesClientOptions, tools: Tools) {
    this.#options = options;
    this.#tools = tools;
    this.#endpoint = new Endpoint(options);
    this.#adapter = new ContextAdapter(tools.logger);
    this.#settings = settingsOf(options);
  }

  get settings(): OpenAIResponsesLLMSettings {
    return this.#settings;
  }

  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    // An option is not a setting: it cannot be changed.
    const options = this.#tools.optionNames.map((name) => [name, "it is an option of the constructor"]);
    const hints: Hints = { ...Object.fromEntries(options), ...optionHints };
    this.#settings = changedSettings("updateSettings()", this.#settings, changes, hints);
  }

  /** The address and headers of the WebSocket. */
  websocketTarget(): Promise<WebsocketTarget> {
    return this.#endpoint.websocket();
  }

  toConversation(context: Pick<LLMContext, "messages">): Conversation {
    return this.#adapter.toConversation(context);
  }

  /** The conversation to make an attempt with. */
  conversationFor(context: LLMContext, inference: Inference, attempt: Attempt): Conversation {
    if (!attempt.resume) return this.toConversation(context);
    return this.toConversation({ messages: resumedMessages(context.messages, inference.text) });
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
    const { timeouts = {}, retryOnTimeout = false } = this.#options;
    const { firstEventMs = 60_000, idleMs, outputMs = 5000 } = timeouts;
    return { firstEventMs, idleMs, outputMs: retryOnTimeout && attempt.isFirst ? outputMs : undefined };
  }

  /** Makes attempts at an inference, or at work like it. `allowed`: what the transport adds to the options. */
  infer<Result>(
    work: RetriedWork,
    allowed: Pick<RetryOptions, "canUseHttp" | "overHttp" | "onRetry">,
    attempt: (attempt: Attempt) => Promise<Result>,
  ): Promise<Result> {
    const { retryOnTimeout = false, onConnectionLost = "fail", timeouts } = this.#options;
    const { random, clock } = this.#tools;
    const budgetMs = timeouts?.retryMs ?? 10_000;
    const options = { ...allowed, retryOnTimeout, onConnectionLost, budgetMs, random, clock };
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

  /** @throws InvalidArgumentError for what `runInference` cannot be given. */
  checkRunInference(context: unknown, options: unknown): void {
    checkContext(context);
    checkOptions("runInference()", options, runInferenceChecks, optionHints);
  }

  /** The address and headers of HTTP requests. */
  get address(): Address {
    return this.#endpoint.address;
  }

  /** One answer outside of the conversation, always over HTTP. */
  async runInference(context: LLMContext, options: OpenAIRunInferenceOptions, signal: AbortSignal): Promise<string> {
    const fields = this.requestFields(context, options.responseFormat);
    if (options.instructions !== undefined) fields.instructions = options.instructions;
    if (options.maxTokens !== undefined) fields.max_output_tokens = options.maxTokens;
    delete fields.tools;
    delete fields.tool_choice;
    const conversation = this.toConversation(context);
    const trace = { continued: false, retrying: () => undefined };
    const work = { signal, hasOutput: false, characters: 0, trace };
    const allowed = { canUseHttp: false, overHttp: true, onRetry: () => undefined };
    return this.infer(work, allowed, async () => askOnce(await this.#endpoint.http(), fields, conversation, signal));
  }
}
