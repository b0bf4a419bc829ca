import { Deadline } from "../async/index.ts";
import type { LLMContext } from "../context/index.ts";
import { ProviderError, TimeoutError } from "../errors.ts";
import type { RawEvent } from "../protocol/index.ts";
import { type InferenceResult, LLMService, type LLMServiceOptions, type Turn } from "../services/index.ts";
import { type OpenAIResponsesOptions, type OpenAIRunInferenceOptions, ResponsesCore } from "./core.ts";
import { toProviderError } from "./http-errors.ts";
import type { OpenAIResponsesLLMSettings } from "./settings.ts";

export interface OpenAIResponsesHttpLLMServiceOptions extends LLMServiceOptions, OpenAIResponsesOptions {}

/**
 * The OpenAI Responses API over HTTP: a request per turn with the whole conversation, the answer as server-sent events.
 * The same settings, frames and events as `OpenAIResponsesLLMService`, for networks that let no WebSocket through.
 */
export class OpenAIResponsesHttpLLMService extends LLMService {
  readonly #core: ResponsesCore;

  constructor(options: OpenAIResponsesHttpLLMServiceOptions = {}) {
    super(options);
    this.#core = new ResponsesCore(options, this.logger);
  }

  /** The settings as they are now. */
  get settings(): Readonly<OpenAIResponsesLLMSettings> {
    return this.#core.settings;
  }

  override updateSettings(changes: Partial<OpenAIResponsesLLMSettings>): void {
    this.#core.updateSettings(changes);
  }

  override runInference(context: LLMContext, options?: OpenAIRunInferenceOptions): Promise<string> {
    return this.#core.runInference(context, options);
  }

  protected override get model(): string {
    return this.#core.settings.model;
  }

  protected override inference(context: LLMContext, turn: Turn): Promise<InferenceResult> {
    return this.#core.twice(
      turn,
      (whyFull) => this.#exchange(context, turn, whyFull),
      (_, error) => error instanceof TimeoutError && this.events.emit("completionTimeout"),
    );
  }

  async #exchange(context: LLMContext, turn: Turn, whyFull: string | undefined): Promise<InferenceResult> {
    const core = this.#core;
    const conversation = core.toConversation(context);
    const request = { ...core.requestFields(context), input: conversation.wireFrom(0), stream: true as const };
    const bytes = Buffer.byteLength(JSON.stringify(request));
    const client = await core.client();
    turn.sending({
      transport: "http",
      mode: "full",
      reason: whyFull ?? "HTTP keeps nothing",
      itemsSent: conversation.length,
      itemsTotal: conversation.length,
      bytesSent: bytes,
      bytesFull: bytes,
    });
    const forOutput = core.retryOnTimeout && whyFull === undefined;
    using limit = forOutput
      ? new Deadline("output", core.retryTimeoutMs, { signal: turn.signal, clock: this.clock })
      : new Deadline("first event", core.firstEventTimeoutMs, { signal: turn.signal, clock: this.clock });
    // The limit ends with the first event or output, the turn's signal goes on: so the request has a signal of its own.
    const controller = new AbortController();
    limit.signal.addEventListener("abort", () => controller.abort(limit.signal.reason), { once: true });
    turn.signal.addEventListener("abort", () => controller.abort(turn.signal.reason), { once: true });
    const reader = core.newReader();
    try {
      const stream = await client.responses.create(request, { signal: controller.signal });
      for await (const event of stream) {
        const result = await core.deliver(reader, event as unknown as RawEvent, turn);
        if (result !== undefined) return result;
        if (!forOutput || turn.hasOutput) limit[Symbol.dispose]();
      }
      controller.signal.throwIfAborted();
    } catch (error) {
      throw toProviderError(error, controller.signal);
    }
    throw new ProviderError("connection_closed", "the event stream ended before the response did", { retryable: true });
  }
}
