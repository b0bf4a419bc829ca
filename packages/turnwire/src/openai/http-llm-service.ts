import type { Random } from "../async/index.ts";
import type { LLMContext } from "../context/index.ts";
import { TimeoutError } from "../errors.ts";
import { type InferenceResult, LLMService, type LLMServiceOptions, type Inference } from "../llm/index.ts";
import { type OpenAIResponsesOptions, type OpenAIRunInferenceOptions, ResponsesCore } from "./core.ts";
import { httpExchange } from "./http/http-request.ts";
import { withRetries } from "./retry/index.ts";
import type { OpenAIResponsesLLMSettings } from "./settings.ts";

export interface OpenAIResponsesHttpLLMServiceOptions extends LLMServiceOptions, OpenAIResponsesOptions {
  random?: Random;
}

/**
 * The OpenAI Responses API over HTTP: a request per turn with the whole conversation, the answer as server-sent events.
 * The same settings, frames and events as `OpenAIResponsesLLMService`, for networks that let no WebSocket through.
 */
export class OpenAIResponsesHttpLLMService extends LLMService {
  readonly #core: ResponsesCore;
  readonly #random: Random;

  constructor(options: OpenAIResponsesHttpLLMServiceOptions = {}) {
    super(options);
    this.#core = new ResponsesCore(options, this.logger);
    this.#random = options.random ?? Math.random;
  }

  /** The settings as they are now. */
  get settings(): Readonly<OpenAIResponsesLLMSettings> {
    return this.#core.settings;
  }

  override updateSettings(changes: Partial<OpenAIResponsesLLMSettings>): void {
    this.#core.updateSettings(changes);
  }

  override runInference(context: LLMContext, options?: OpenAIRunInferenceOptions): Promise<string> {
    return this.untilStopped(options?.signal, (signal) => this.#core.runInference(context, { ...options, signal }));
  }

  protected override get model(): string {
    return this.#core.settings.model;
  }

  protected override inference(context: LLMContext, turn: Inference): Promise<InferenceResult> {
    const onRetry = (_: unknown, error: unknown): void => {
      if (error instanceof TimeoutError) this.events.emit("completionTimeout");
    };
    const { clock } = this;
    const { retryOptions } = this.#core;
    const allowed = { ...retryOptions, canUseHttp: false, overHttp: true, reconnects: false };
    const options = { ...allowed, onRetry, random: this.#random, clock };
    return withRetries(turn, options, (attempt) => httpExchange(this.#core, context, turn, attempt, clock));
  }
}
