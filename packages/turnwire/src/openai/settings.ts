import type { ResponseCreateParams } from "openai/resources/responses/responses";
import { kindOf } from "../errors.ts";
import {
  changedSettings as withChanges,
  expectNumber,
  expectText,
  type SettingCheck,
  type SettingsTable,
} from "../service/index.ts";

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

const expectObject: SettingCheck = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? undefined
    : `must be an object, not ${kindOf(value)}`;

const expectCount: SettingCheck = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : `must be a whole number above 0, not ${kindOf(value)}`;

const table: SettingsTable<OpenAIResponsesLLMSettings> = {
  checks: {
    model: expectText,
    systemInstruction: (value) => (typeof value === "string" ? undefined : expectText(value)),
    temperature: expectNumber(0, 2),
    topP: expectNumber(0, 1),
    maxCompletionTokens: expectCount,
    reasoning: expectObject,
    extra: expectObject,
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
