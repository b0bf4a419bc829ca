import type { OpenAI } from "openai";
import type { ResponseCreateParams, ResponseCreateParamsStreaming } from "openai/resources/responses/responses";
import type { Logger } from "../async/index.ts";
import type { LLMContext, LLMMessage } from "../context/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import { type ApiKey, ProviderKey } from "../service/index.ts";
import type { RunInferenceOptions, Inference } from "../llm/index.ts";
import type { RawEvent } from "../protocol/index.ts";
import { proxiedFetch, type WebsocketTarget } from "../websocket/index.ts";
import { ContextAdapter } from "./request/to-items.ts";
import type { Conversation } from "./request/conversation.ts";
import type { ProgressLimits } from "./response/progress-timeouts.ts";
import { toProviderError } from "./http/http-errors.ts";
import { type HttpEndpoint, requestEvents } from "./http/event-stream.ts";
import { isKnownNotToReason } from "./request/models.ts";
import type { Attempt, RetryOptions } from "./retry/index.ts";
import { requestFields, type RequestFields, type ResponseFormat } from "./request/request-fields.ts";
import { changedSettings, initialSettings, type OpenAIResponsesLLMSettings } from "./settings.ts";

/** Options both Responses services take. */
export interface OpenAIResponsesOptions {
  /** The key, or what fetches one, asked at every connect; default: the environment's OPENAI_API_KEY. */
  apiKey?: ApiKey;
  /** Default: the environment's OPENAI_BASE_URL, or `https://api.openai.com/v1`. */
  baseURL?: string;
  /** Default: the environment's OPENAI_ORG_ID. */
  organization?: string;
  /** Default: the environment's OPENAI_PROJECT_ID. */
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

const resumeNote: LLMMessage = {
  role: "developer",
  content: "Your last reply broke off for a technical reason. Go on exactly where it stops; repeat nothing.",
};

const defaultBaseURL = "https://api.openai.com/v1";

/** Sends a turn's request over HTTP, given as an object and as its text; answers with its events. */
export type AskOverHttp = (
  asked: { request: ResponseCreateParamsStreaming; body: string },
  signal: AbortSignal,
) => Promise<AsyncIterable<RawEvent>>;

/** What both Responses services share: settings, requests, reading, the one retry, and `runInference`. */
export class ResponsesCore {
  readonly retryOnTimeout: boolean;
  readonly onLost: "fail" | "continue";
  readonly #options: OpenAIResponsesOptions;
  readonly #key: ProviderKey;
  readonly #adapter: ContextAdapter;
  readonly #logger: Logger;
  readonly #warned = new Set<string>();
  #settings: OpenAIResponsesLLMSettings;
  #client: Promise<OpenAI> | undefined;
  #proxied: Promise<typeof fetch | undefined> | undefined;

  constructor(options: OpenAIResponsesOptions, logger: Logger) {
    this.#key = new ProviderKey(options.apiKey, "OPENAI_API_KEY");
    this.#options = options;
    this.#logger = logger;
    this.#adapter = new ContextAdapter(logger);
    this.#settings = initialSettings(options.settings);
    this.retryOnTimeout = options.retryOnTimeout ?? false;
    this.onLost = options.onLost ?? "fail";
  }

  get settings(): OpenAIResponsesLLMSettings {
    return this.#settings;
  }

  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    this.#settings = changedSettings(this.#settings, changes);
  }

  toConversation(context: Pick<LLMContext, "messages">): Conversation {
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

  /** What may be tried again, from the options. */
  get retryOptions(): Pick<RetryOptions, "retryOnTimeout" | "onLost" | "budgetMs"> {
    const { retryOnTimeout, onLost } = this;
    return { retryOnTimeout, onLost, budgetMs: this.#options.retryBudgetMs ?? 10_000 };
  }

  /** The conversation an attempt is to be made with. */
  conversationFor(context: LLMContext, turn: Inference, attempt: Attempt): Conversation {
    if (!attempt.resume) return this.toConversation(context);
    const partial: LLMMessage = { role: "assistant", content: turn.text };
    return this.toConversation({ messages: [...context.messages, partial, resumeNote] });
  }

  /** The limits on a server's silence in an attempt. */
  progressLimits(attempt: Pick<Attempt, "isFirst">): ProgressLimits {
    const { firstEventTimeoutMs = 60_000, idleEventTimeoutMs, retryTimeoutMs = 5000 } = this.#options;
    const forOutput = this.retryOnTimeout && attempt.isFirst;
    return { firstEventTimeoutMs, idleEventTimeoutMs, outputTimeoutMs: forOutput ? retryTimeoutMs : undefined };
  }

  /** One answer over HTTP, outside of the conversation. */
  async runInference(context: LLMContext, options: OpenAIRunInferenceOptions = {}): Promise<string> {
    const fields = this.requestFields(context, options.responseFormat);
    if (options.systemInstruction !== undefined) fields.instructions = options.systemInstruction;
    if (options.maxTokens !== undefined) fields.max_output_tokens = options.maxTokens;
    delete fields.tools;
    delete fields.tool_choice;
    const conversation = this.toConversation(context);
    const client = await this.#clientOnce();
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

  /** What asks for a turn over HTTP: the caller's client, or `fetch`. */
  async http(): Promise<AskOverHttp> {
    const { client } = this.#options;
    if (client !== undefined) {
      return async ({ request }, signal) => {
        const events = await client.responses.create(request, { signal, maxRetries: 0 });
        return events as unknown as AsyncIterable<RawEvent>;
      };
    }
    const url = responsesURL(this.#baseURL);
    const [headers, proxied] = await Promise.all([this.#headers(), this.#proxiedFetch()]);
    const endpoint: HttpEndpoint = { url: url.href, headers, fetch: proxied ?? fetch };
    return ({ body }, signal) => requestEvents(endpoint, body, signal);
  }

  /** The HTTP client; the package is loaded when it is first needed. */
  #clientOnce(): Promise<OpenAI> {
    if (this.#options.client !== undefined) return Promise.resolve(this.#options.client);
    this.#client ??= this.#makeClient().catch((error: unknown) => {
      // What is missing may be there the next time.
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  /** Where the WebSocket goes. */
  async websocketTarget(wsURL: string | undefined): Promise<WebsocketTarget> {
    return { url: wsURL ?? websocketURL(this.#baseURL), headers: await this.#headers() };
  }

  async #headers(): Promise<Record<string, string>> {
    // As the `openai` package has it, which is what goes over HTTP beside the turns.
    const { organization = process.env["OPENAI_ORG_ID"], project = process.env["OPENAI_PROJECT_ID"] } = this.#options;
    return {
      Authorization: `Bearer ${await this.#key.get()}`,
      ...(organization ? { "OpenAI-Organization": organization } : {}),
      ...(project ? { "OpenAI-Project": project } : {}),
      ...this.#options.defaultHeaders,
    };
  }

  /** One for all requests: it keeps the connections to the proxy. */
  #proxiedFetch(): Promise<typeof fetch | undefined> {
    this.#proxied ??= proxiedFetch(this.#baseURL).catch((error: unknown) => {
      this.#proxied = undefined;
      throw error;
    });
    return this.#proxied;
  }

  get #baseURL(): string {
    return this.#options.baseURL ?? (process.env["OPENAI_BASE_URL"] || defaultBaseURL);
  }

  async #makeClient(): Promise<OpenAI> {
    await this.#key.get();
    const [{ OpenAI }, fetch] = await Promise.all([import("openai"), this.#proxiedFetch()]);
    const { organization, project, defaultHeaders } = this.#options;
    return new OpenAI({
      apiKey: () => this.#key.get(),
      baseURL: this.#baseURL,
      ...(organization === undefined ? {} : { organization }),
      ...(project === undefined ? {} : { project }),
      ...(defaultHeaders === undefined ? {} : { defaultHeaders: { ...defaultHeaders } }),
      ...(fetch === undefined ? {} : { fetch }),
    });
  }
}

/** `https://host/v1` → `wss://host/v1/responses`. */
function websocketURL(baseURL: string): string {
  const url = responsesURL(baseURL);
  url.protocol = url.protocol === "http:" || url.protocol === "ws:" ? "ws:" : "wss:";
  return url.href;
}

/** `https://host/v1` → `https://host/v1/responses`; a query stays. */
function responsesURL(baseURL: string): URL {
  let url: URL;
  try {
    url = new URL(baseURL);
  } catch (error) {
    throw new InvalidArgumentError("baseURL", `expected a URL such as ${defaultBaseURL}, got ${kindOf(baseURL)}`, {
      cause: error,
    });
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/responses`;
  return url;
}
