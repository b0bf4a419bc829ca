import {
  type Check,
  checkFields,
  checkName,
  type Checks,
  checkValue,
  type Hints,
  is,
  isRecord,
} from "../checks/index.ts";
import { functionTimeLimit } from "../context/index.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { LLMServiceOptions, LLMTimeouts } from "../llm/index.ts";
import { environmentCheck } from "../websocket/index.ts";
import type { EndpointOptions } from "./endpoint.ts";

/** How a model reasons, as the Responses API takes it. */
export interface Reasoning {
  /** Such as `none`, `minimal`, `low`, `medium` or `high`. */
  effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
  /** Whether the answer holds a summary of the thoughts, and which. */
  summary?: "auto" | "concise" | "detailed" | null;
}

/** Such as `auto`, `flex` or `priority`. */
export type ServiceTier = "auto" | "default" | "flex" | "scale" | "priority" | "fast" | (string & {});

/** Settings of the Responses services. They can be changed at any time and hold from the next inference on. */
export interface OpenAIResponsesLLMSettings {
  /** Default `gpt-4.1`. */
  model: string;
  /** Sent with every request. */
  instructions?: string | undefined;
  /** 0 to 2. */
  temperature?: number | undefined;
  /** 0 to 1. */
  topP?: number | undefined;
  /** The longest answer in tokens, reasoning included. */
  maxTokens?: number | undefined;
  /** Default: effort `none` for models from gpt-5 on, since a voice cannot wait for thoughts; nothing for others. */
  reasoning?: Reasoning | undefined;
  /** Further fields of the request, as the API names them. They replace those that turnwire sets. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Time limits of both Responses services, in milliseconds. */
export interface OpenAIResponsesTimeouts {
  /** From a request to its first event; default 60 000. */
  firstEventMs?: number;
  /** Between two events; default: none, since models that reason are silent for minutes. */
  idleMs?: number;
  /** From a request to its first output, with `retryOnTimeout`; default 5000. */
  outputMs?: number;
  /** How long an inference may wait in all for retries when the server is busy; default 10 000. */
  retryMs?: number;
}

/** Options of both Responses services. The settings may be changed later with `updateSettings`. */
export interface OpenAIResponsesOptions extends EndpointOptions, Partial<OpenAIResponsesLLMSettings> {
  /** Such as `auto`, `flex` or `priority`. */
  serviceTier?: ServiceTier;
  /** Whether an inference without output after `timeouts.outputMs` is retried, once; default false. */
  retryOnTimeout?: boolean;
  /**
   * How a turn goes on whose connection is lost after output: `fail`, the default, ends it with an error that says how much
   * was delivered; `resume` asks the model to go on where it stopped.
   */
  onConnectionLost?: "fail" | "resume";
}

export interface OpenAIResponsesHttpLLMServiceOptions
  extends Omit<LLMServiceOptions, "timeouts">, OpenAIResponsesOptions {
  /** Time limits, in milliseconds. */
  timeouts?: OpenAIResponsesTimeouts & LLMTimeouts;
}

const ofTurnwire = "turnwire sets this field itself";

/** Fields of a request that no caller can set. */
const reserved: Readonly<Record<string, string>> = {
  input: `${ofTurnwire}, from the context's messages`,
  previous_response_id: `${ofTurnwire}, when it continues a response`,
  conversation: "the context is the conversation; turnwire keeps none at the provider",
  stream: ofTurnwire,
  stream_id: ofTurnwire,
  background: "a turn is read while it is generated",
  type: ofTurnwire,
};

const settingsChecks: Checks<OpenAIResponsesLLMSettings> = {
  model: is.text,
  instructions: is.string,
  temperature: is.number({ min: 0, max: 2 }),
  topP: is.number({ min: 0, max: 1 }),
  maxTokens: is.number({ min: 1, integer: true }),
  reasoning: is.group<Reasoning>({
    effort: wordOrNull(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    summary: wordOrNull(["auto", "concise", "detailed"]),
  }),
  extra: {
    ...is.object,
    within: (value: unknown, field: string) => {
      for (const [name, wayOut] of Object.entries(reserved)) {
        if (isRecord(value) && value[name] !== undefined) throw new InvalidArgumentError(`${field}.${name}`, wayOut);
      }
    },
  },
};

function wordOrNull(words: readonly string[]): Check {
  const known = is.oneOf(words);
  const expected = `${known.expected} (others go into \`extra: { reasoning }\`)`;
  return is.custom(expected, (value) => value === null || known.holds(value));
}

const defaultSettings: OpenAIResponsesLLMSettings = { model: "gpt-4.1" };

type Changes = Readonly<Record<string, unknown>>;

/** The settings among a service's options. They have been checked. */
export function settingsOf(options: Partial<OpenAIResponsesLLMSettings>): OpenAIResponsesLLMSettings {
  const { model = defaultSettings.model, instructions, temperature, topP, maxTokens, reasoning, extra } = options;
  return { model, instructions, temperature, topP, maxTokens, reasoning, extra };
}

/**
 * Applies changes. A setting that is set to undefined goes back to its default.
 * @param owner Whose settings they are, for the error.
 * @throws InvalidArgumentError which names the setting that is unknown or cannot be used; nothing is changed then.
 */
export function changedSettings(
  owner: string,
  settings: OpenAIResponsesLLMSettings,
  changes: Changes,
  hints: Hints,
): OpenAIResponsesLLMSettings {
  checkValue(changes, "settings", is.object);
  const known = Object.keys(settingsChecks);
  for (const name of Object.keys(changes)) checkName("setting", name, known, owner, hints);
  checkFields(changes, settingsChecks);
  return settingsOf({ ...settings, ...changes });
}

const inTimeouts = (name: string): string => `it is called \`timeouts.${name}\``;

/** The names of time limits in earlier versions and other libraries. */
export const timeoutHints: Hints = {
  connectTimeoutMs: inTimeouts("connectMs"),
  closeTimeoutMs: inTimeouts("closeMs"),
  firstEventTimeoutMs: inTimeouts("firstEventMs"),
  idleEventTimeoutMs: inTimeouts("idleMs"),
  retryTimeoutMs: inTimeouts("outputMs"),
  drainTimeoutMs: inTimeouts("drainMs"),
  functionTimeoutMs: inTimeouts("functionMs"),
  retryBudgetMs: inTimeouts("retryMs"),
};

export const timeoutChecks = {
  firstEventMs: is.timeLimit,
  idleMs: is.timeLimit,
  outputMs: is.timeLimit,
  retryMs: is.duration,
  functionMs: functionTimeLimit,
};

export const sharedChecks = {
  ...settingsChecks,
  apiKey: is.anyOf(is.text, is.func),
  baseURL: is.text,
  organization: is.string,
  project: is.string,
  defaultHeaders: {
    ...is.recordOf(is.string),
    expected: "an object of strings, or Headers (of a Map: `Object.fromEntries(map)`)",
    holds: (value: unknown) => is.object.holds(value) && !(value instanceof Map),
  },
  fetch: is.func,
  serviceTier: is.text,
  retryOnTimeout: is.flag,
  onConnectionLost: is.oneOf(["fail", "resume"]),
  runInParallel: is.flag,
  name: is.text,
  capacity: is.number({ min: 1, integer: true }),
  logger: is.having(["debug", "warn"], "a logger with debug() and warn()"),
  environment: environmentCheck,
};

export const httpServiceChecks: Checks<OpenAIResponsesHttpLLMServiceOptions> = {
  ...sharedChecks,
  timeouts: is.group<NonNullable<OpenAIResponsesHttpLLMServiceOptions["timeouts"]>>(timeoutChecks, timeoutHints),
};

/** For names of the API and of other libraries. */
export const optionHints: Hints = {
  settings: "the settings are options of their own: `model`, `instructions` and so on",
  systemInstruction: "it is called `instructions`",
  systemPrompt: "it is called `instructions`",
  system: "it is called `instructions`",
  system_instruction: "it is called `instructions`",
  system_prompt: "it is called `instructions`",
  params: "the settings are options of their own: `model`, `instructions` and so on",
  key: "it is called `apiKey`",
  url: "it is called `baseURL`",
  headers: "it is called `defaultHeaders`",
  reasoningEffort: "it is called `reasoning: { effort }`",
  reasoning_effort: "it is called `reasoning: { effort }`",
  maxRetries: "how long retries may wait is `timeouts: { retryMs }`",
  timeout: "the time limits are in the option `timeouts`",
  maxCompletionTokens: "it is called `maxTokens`",
  maxOutputTokens: "it is called `maxTokens`",
  max_output_tokens: "it is called `maxTokens`",
  ...timeoutHints,
  client: "give a `fetch` instead",
  clock: "it belongs to the option `environment`",
  random: "it belongs to the option `environment`",
  socketFactory: "it belongs to the option `environment`",
  tools: "it belongs to the context: `new LLMContext({ tools })`",
  messages: "it belongs to the context: `new LLMContext({ messages })`",
  ...Object.fromEntries(
    ["connectMs", "closeMs", "firstEventMs", "idleMs", "outputMs", "drainMs", "functionMs", "retryMs"].map((name) => [
      name,
      "it belongs to the option `timeouts`",
    ]),
  ),
};
