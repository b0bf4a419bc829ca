import { checkOptions } from "../checks/index.ts";
import type { LLMContext } from "../context/index.ts";
import { TimeoutError } from "../errors.ts";
import { type Inference, type InferenceResult, LLMService } from "../llm/index.ts";
import { type OpenAIRunInferenceOptions, ResponsesClient } from "./http/index.ts";
import {
  httpServiceChecks,
  type OpenAIResponsesHttpLLMServiceOptions,
  type OpenAIResponsesLLMSettings,
  optionHints,
} from "./settings.ts";

/**
 * The OpenAI Responses API over HTTP: each inference is a request with the whole conversation, answered with server-sent
 * events. It has the settings, frames and events of `OpenAIResponsesLLMService`, for networks that let no WebSocket through.
 */
export class OpenAIResponsesHttpLLMService extends LLMService {
  readonly #client: ResponsesClient;

  constructor(options: OpenAIResponsesHttpLLMServiceOptions = {}) {
    super(checkOptions("OpenAIResponsesHttpLLMService", options, httpServiceChecks, optionHints));
    const { logger, clock } = this;
    const random = options.environment?.random ?? Math.random;
    this.#client = new ResponsesClient(options, { logger, clock, random, optionNames: Object.keys(httpServiceChecks) });
  }

  /** The settings as they are now. */
  get settings(): Readonly<OpenAIResponsesLLMSettings> {
    return this.#client.settings;
  }

  override updateSettings(changes: Partial<OpenAIResponsesLLMSettings>): void {
    this.#client.updateSettings(changes);
  }

  override async runInference(context: LLMContext, options: OpenAIRunInferenceOptions = {}): Promise<string> {
    this.#client.checkRunInference(context, options);
    return this.untilStopped(options.signal, (signal) => this.#client.runInference(context, options, signal));
  }

  protected override get model(): string {
    return this.#client.settings.model;
  }

  protected override inference(context: LLMContext, inference: Inference): Promise<InferenceResult> {
    const onRetry = (_: unknown, error: unknown): void => {
      if (error instanceof TimeoutError) this.events.emit("completionTimeout");
    };
    const allowed = { canUseHttp: false, overHttp: true, onRetry };
    return this.#client.infer(inference, allowed, (attempt) => this.#client.inferOverHttp(context, inference, attempt));
  }
}
