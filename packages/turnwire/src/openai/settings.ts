import type { ResponseCreateParams } from "openai/resources/responses/responses";
import { is } from "../checks/index.ts";
import { changedSettings as withChanges, type SettingsTable } from "../service/index.ts";

/** How a model reasons: `{ effort, summary }`, as the Responses API takes it. */
export type Reasoning = NonNullable<ResponseCreateParams["reasoning"]>;

/** Settings of the Responses services; they can be changed while running and hold from the next inference on. */
export interface OpenAIResponsesLLMSettings {
  /** Default `gpt-4.1`. */
  model: string;
  /** Sent as `instructions` with every request. */
  systemInstruction?: string | undefined;
  /** 0 to 2. */
  temperature?: number | undefined;
  /** 0 to 1. */
  topP?: number | undefined;
  /** The longest answer in tokens, reasoning included. */
  maxCompletionTokens?: number | undefined;
  /** Left out, models from gpt-5 on are asked for effort `none`: a voice cannot wait for thoughts. */
  reasoning?: Reasoning | undefined;
  /** Further fields of the request, as the API names them; they go before what turnwire sets. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

const table: SettingsTable<OpenAIResponsesLLMSettings> = {
  checks: {
    model: is.text,
    systemInstruction: is.string,
    temperature: is.number({ min: 0, max: 2 }),
    topP: is.number({ min: 0, max: 1 }),
    maxCompletionTokens: is.number({ min: 1, integer: true }),
    reasoning: is.object,
    extra: is.object,
  },
  defaults: { model: "gpt-4.1" },
};

/** @throws InvalidArgumentError naming the field that is unknown or cannot be used. */
export function changedSettings(
  settings: OpenAIResponsesLLMSettings,
  changes: Readonly<Record<string, unknown>>,
): OpenAIResponsesLLMSettings {
  return withChanges(table, settings, changes);
}

export function initialSettings(settings: Readonly<Record<string, unknown>> = {}): OpenAIResponsesLLMSettings {
  return changedSettings(table.defaults, settings);
}
