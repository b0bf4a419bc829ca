import type { OpenAI } from "openai";
import type { ResponseCreateParams } from "openai/resources/responses/responses";
import type { Logger } from "../async/index.ts";
import type { LLMContext } from "../context/index.ts";
import { InvalidArgumentError, kindOf, MissingApiKeyError, WebsocketReconnectedError } from "../errors.ts";
import type { InferenceResult, RunInferenceOptions, Turn } from "../services/index.ts";
import type { RawEvent } from "../protocol/index.ts";
import type { WebsocketTarget } from "../websocket/index.ts";
import { ContextAdapter } from "./adapter.ts";
import type { Conversation } from "./conversation.ts";
import { judge } from "./faults.ts";
import { toProviderError } from "./http-errors.ts";
import { isKnownNotToReason } from "./models.ts";
import { ResponseReader } from "./reader.ts";
import { requestFields, type RequestFields, type ResponseFormat } from "./request.ts";
import { changedSettings, initialSettings, type OpenAIResponsesLLMSettings } from "./settings.ts";

/** Options both Responses services take. */
export interface OpenAIResponsesOptions {
  /** The key, or what fetches one, asked at every connect; default: the environment's OPENAI_API_KEY. */
  apiKey?: string | (() => Promise<string>);
  /** Default: the environment's OPENAI_BASE_URL, or `https://api.openai.com/v1`. */
  baseURL?: string;
  organization?: string;
  project?: string;
  /** Sent with every request and at the WebSocket upgrade. */
  defaultHeaders?: Readonly<Record<string, string>>;
  /** Such as `auto`, `flex` or `priority`. */
  serviceTier?: ResponseCreateParams["service_tier"];
  /** A client of the caller's own, for what goes over HTTP. */
  client?: OpenAI;
  /** May be changed later with `updateSettings`. */
  settings?: Partial<OpenAIResponsesLLMSettings>;
  /** Whether a turn without output after `retryTimeoutMs` is asked again, once; default false. */
  retryOnTimeout?: boolean;
  /** Default 5000. */
  retryTimeoutMs?: number;
  /** How long a server may take to answer with its first event, in milliseconds; default 60 000. */
  firstEventTimeoutMs?: number;
}

export interface OpenAIRunInferenceOptions extends RunInferenceOptions {
  /** Asks for JSON that conforms to a schema. */
  responseFormat?: ResponseFormat;
}

const defaultBaseURL = "https://api.openai.com/v1";

/** One attempt at an inference. `whyFull` is set when the whole conversation has to be sent. */
export type Attempt = (whyFull: string | undefined) => Promise<InferenceResult>;

/** Called between two attempts. */
export type BeforeAgain = (verdict: { replace: boolean; why: string }, error: unknown) => void;

/** What both Responses services share: settings, requests, reading, the one retry, and `runInference`. */
export class ResponsesCore {
  readonly retryOnTimeout: boolean;
  readonly retryTimeoutMs: number;
  readonly firstEventTimeoutMs: number;
  readonly #options: OpenAIResponsesOptions;
  readonly #adapter: ContextAdapter;
  readonly #logger: Logger;
  readonly #warned = new Set<string>();
  #settings: OpenAIResponsesLLMSettings;
  #client: Promise<OpenAI> | undefined;

  constructor(options: OpenAIResponsesOptions, logger: Logger) {
    const { apiKey } = options;
    if (apiKey !== undefined && typeof apiKey !== "string" && typeof apiKey !== "function") {
      throw new InvalidArgumentError(
        "apiKey",
        `expected a string or a function that fetches one, got ${kindOf(apiKey)}`,
      );
    }
    this.#options = options;
    this.#logger = logger;
    this.#adapter = new ContextAdapter(logger);
    this.#settings = initialSettings(options.settings);
    this.retryOnTimeout = options.retryOnTimeout ?? false;
    this.retryTimeoutMs = options.retryTimeoutMs ?? 5000;
    this.firstEventTimeoutMs = options.firstEventTimeoutMs ?? 60_000;
  }

  get settings(): OpenAIResponsesLLMSettings {
    return this.#settings;
  }

  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    this.#settings = changedSettings(this.#settings, changes);
  }

  toConversation(context: LLMContext): Conversation {
    return this.#adapter.toConversation(context);
  }

  /** The request's fields beside the conversation, from the settings as they are now. */
  requestFields(context: LLMContext, responseFormat?: ResponseFormat): RequestFields {
    const { model, reasoning } = this.#settings;
    if (reasoning !== undefined && isKnownNotToReason(model) && !this.#warned.has(model)) {
      this.#warned.add(model);
      this.#logger.warn(`the model ${model} is not known to reason; the API may refuse the reasoning setting`);
    }
    return requestFields({
      settings: this.#settings,
      context,
      serviceTier: this.#options.serviceTier,
      responseFormat,
    });
  }

  /** The flat retry: one attempt, and for what another can mend, one more with the whole conversation. */
  async twice(turn: Turn, attempt: Attempt, beforeAgain: BeforeAgain): Promise<InferenceResult> {
    const { retryOnTimeout } = this;
    try {
      return await attempt(undefined);
    } catch (error) {
      if (turn.signal.aborted) throw error;
      const verdict = judge(error, { characters: turn.characters, hasOutput: turn.hasOutput, retryOnTimeout });
      if (!verdict.again) throw verdict.error;
      beforeAgain(verdict, error);
      turn.retrying(verdict.why);
      return await this.#again(turn, attempt, verdict.why);
    }
  }

  async #again(turn: Turn, attempt: Attempt, why: string): Promise<InferenceResult> {
    try {
      return await attempt(why);
    } catch (error) {
      const verdict = judge(error, { characters: turn.characters, hasOutput: turn.hasOutput, retryOnTimeout: false });
      if (!verdict.again) throw verdict.error;
      throw error instanceof WebsocketReconnectedError ? error.cause : error;
    }
  }

  newReader(): ResponseReader {
    return new ResponseReader(this.#logger);
  }

  /** Delivers what an event says; the answer is the turn's result once that was the response's last event. */
  async deliver(reader: ResponseReader, event: RawEvent, turn: Turn): Promise<InferenceResult | undefined> {
    turn.sawFirstEvent();
    for (const frame of reader.read(event)) {
      const accepted = turn.emit(frame);
      if (accepted !== undefined) await accepted;
    }
    turn.responseId = reader.responseId;
    if (reader.model !== undefined) turn.model = reader.model;
    const { result } = reader;
    if (result === undefined) return undefined;
    turn.usage = result.usage;
    const { functionCalls, incompleteReason } = result;
    return { functionCalls, ...(incompleteReason === undefined ? {} : { incompleteReason }) };
  }

  /** One answer over HTTP, outside of the conversation. */
  async runInference(context: LLMContext, options: OpenAIRunInferenceOptions = {}): Promise<string> {
    const fields = this.requestFields(context, options.responseFormat);
    if (options.systemInstruction !== undefined) fields.instructions = options.systemInstruction;
    if (options.maxTokens !== undefined) fields.max_output_tokens = options.maxTokens;
    delete fields.tools;
    delete fields.tool_choice;
    const conversation = this.toConversation(context);
    const client = await this.client();
    const request = options.signal === undefined ? {} : { signal: options.signal };
    try {
      const response = await client.responses.create(
        { ...fields, input: conversation.wireFrom(0), stream: false },
        request,
      );
      return response.output_text;
    } catch (error) {
      throw toProviderError(error, options.signal);
    }
  }

  /** The HTTP client; the package is loaded when it is first needed. */
  client(): Promise<OpenAI> {
    this.#client ??= this.#options.client === undefined ? this.#makeClient() : Promise.resolve(this.#options.client);
    return this.#client;
  }

  /** Where the WebSocket goes. */
  async websocketTarget(wsURL: string | undefined): Promise<WebsocketTarget> {
    const { organization, project, defaultHeaders } = this.#options;
    return {
      url: wsURL ?? websocketURL(this.#baseURL),
      headers: {
        Authorization: `Bearer ${await this.#apiKey()}`,
        ...(organization === undefined ? {} : { "OpenAI-Organization": organization }),
        ...(project === undefined ? {} : { "OpenAI-Project": project }),
        ...defaultHeaders,
      },
    };
  }

  get #baseURL(): string {
    return this.#options.baseURL ?? (process.env["OPENAI_BASE_URL"] || defaultBaseURL);
  }

  async #apiKey(): Promise<string> {
    const { apiKey } = this.#options;
    const key = typeof apiKey === "function" ? await apiKey() : (apiKey ?? process.env["OPENAI_API_KEY"]);
    if (key) return key;
    throw new MissingApiKeyError(
      "no API key: give `apiKey` or set OPENAI_API_KEY; for a server that needs none, any text will do",
    );
  }

  async #makeClient(): Promise<OpenAI> {
    await this.#apiKey();
    const { OpenAI } = await import("openai");
    const { organization, project, defaultHeaders } = this.#options;
    return new OpenAI({
      apiKey: () => this.#apiKey(),
      baseURL: this.#baseURL,
      ...(organization === undefined ? {} : { organization }),
      ...(project === undefined ? {} : { project }),
      ...(defaultHeaders === undefined ? {} : { defaultHeaders: { ...defaultHeaders } }),
    });
  }
}

/** `https://host/v1` → `wss://host/v1/responses`; a query stays. */
function websocketURL(baseURL: string): string {
  let url: URL;
  try {
    url = new URL(baseURL);
  } catch (error) {
    throw new InvalidArgumentError("baseURL", `expected a URL such as ${defaultBaseURL}, got ${kindOf(baseURL)}`, {
      cause: error,
    });
  }
  url.protocol = url.protocol === "http:" || url.protocol === "ws:" ? "ws:" : "wss:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/responses`;
  return url.href;
}
