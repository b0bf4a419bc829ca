import type { ResponseCreateParams } from "openai/resources/responses/responses";
import { InvalidArgumentError, kindOf } from "../errors.ts";

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

type Check = (value: unknown) => string | undefined;

const expectString: Check = (value) =>
  typeof value === "string" && value !== "" ? undefined : `expected a string, got ${kindOf(value)}`;

const expectObject: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? undefined
    : `expected an object, got ${kindOf(value)}`;

const expectNumber =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === "number" && value >= low && value <= high
      ? undefined
      : `expected a number from ${low} to ${high}, got ${kindOf(value)}`;

const expectCount: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : `expected a whole number above 0, got ${kindOf(value)}`;

const checks: { [K in keyof OpenAIResponsesLLMSettings]-?: Check } = {
  model: expectString,
  systemInstruction: (value) => (typeof value === "string" ? undefined : expectString(value)),
  temperature: expectNumber(0, 2),
  topP: expectNumber(0, 1),
  maxCompletionTokens: expectCount,
  reasoning: expectObject,
  extra: expectObject,
};

const defaults: OpenAIResponsesLLMSettings = { model: "gpt-4.1" };

/**
 * The settings with changes applied; a field set to undefined goes back to its default.
 * @throws InvalidArgumentError naming the field that is unknown or cannot be used.
 */
export function changedSettings(
  settings: OpenAIResponsesLLMSettings,
  changes: Readonly<Record<string, unknown>>,
): OpenAIResponsesLLMSettings {
  for (const [field, value] of Object.entries(changes)) {
    const check = Object.hasOwn(checks, field) ? checks[field as keyof typeof checks] : undefined;
    if (check === undefined) {
      throw new InvalidArgumentError(
        `settings.${field}`,
        `unknown; the settings are ${Object.keys(checks).join(", ")}`,
      );
    }
    const problem = value === undefined ? undefined : check(value);
    if (problem !== undefined) throw new InvalidArgumentError(`settings.${field}`, problem);
  }
  const changed = { ...settings, ...changes };
  return { ...changed, model: changed.model ?? defaults.model };
}

export function initialSettings(settings: Readonly<Record<string, unknown>> = {}): OpenAIResponsesLLMSettings {
  return changedSettings(defaults, settings);
}
