import { checkFields, checkName, type Checks, type Hints, is, checkValue } from "../checks/index.ts";

/** How a model reasons: `{ effort, summary }`, as the Responses API takes it. */
export interface Reasoning {
  /** Such as `none`, `minimal`, `low`, `medium` or `high`. */
  effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null;
  /** Whether the answer holds a summary of the thoughts, and which. */
  summary?: "auto" | "concise" | "detailed" | null;
}

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

export const settingsChecks: Checks<OpenAIResponsesLLMSettings> = {
  model: is.text,
  instructions: is.string,
  temperature: is.number({ min: 0, max: 2 }),
  topP: is.number({ min: 0, max: 1 }),
  maxTokens: is.number({ min: 1, integer: true }),
  reasoning: is.object,
  extra: is.object,
};

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
