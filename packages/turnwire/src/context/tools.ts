import { Validator } from "@cfworker/json-schema";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { checkOptions, type Checks, is, isRecord } from "../checks/index.ts";
import { InvalidArgumentError } from "../errors.ts";
import { checkObjectSchema, isStandardSchema } from "./check-schema.ts";
import type { LLMMessage } from "./messages.ts";

/** A JSON Schema object that describes a function's parameters. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The second argument of a function, after those of the model. */
export interface FunctionCallParams {
  functionName: string;
  /** The provider's id of the call. */
  toolCallId: string;
  /** Fires when the call is cancelled by an interruption, by its time limit, or because the service stops. */
  signal: AbortSignal;
  /** The conversation that the call came from. */
  messages: readonly LLMMessage[];
}

/**
 * Runs a function. The model gets the result: a string as it is, anything else as JSON. If the function throws, the model
 * gets the error's message.
 */
export type FunctionHandler<Arguments = Record<string, unknown>> = (
  args: Arguments,
  params: FunctionCallParams,
) => unknown;

export interface FunctionOptions {
  /** How long a call may take, in milliseconds; default: the service's `timeouts.functionMs`. */
  timeoutMs?: number;
  /** Whether an interruption cancels a call that is running; default true. */
  cancelOnInterruption?: boolean;
  /** Whether the model is asked again when the call has its output; default true. */
  runLLM?: boolean;
}

/** The arguments of a call after checking: usable ones, or what is wrong with them. */
export type CheckedArguments = { value: unknown } | { problem: string };

/** A function that the model may call, made by `defineTool`. */
export interface FunctionTool extends FunctionOptions {
  readonly name: string;
  readonly description?: string;
  /** The parameters as the JSON Schema that the model gets. */
  readonly parameters: JsonSchema;
  /** Whether the provider has to follow the schema to the letter. */
  readonly strict: boolean;
  /** Absent for a function that is registered on the service, or not run by turnwire. */
  readonly execute?: FunctionHandler<never>;
  /** Checks arguments against the schema. */
  check(args: unknown): CheckedArguments | Promise<CheckedArguments>;
}

interface ToolDefinition<Parameters, Arguments> extends FunctionOptions {
  /** 1 to 64 of `[A-Za-z0-9_-]`. */
  name: string;
  /** Tells the model what the function does. */
  description?: string;
  parameters: Parameters;
  /** Whether the provider has to follow the schema to the letter; default false. Providers restrict such schemas. */
  strict?: boolean;
  /** Runs the function. Without it, the service runs the function that is registered under the same name. */
  execute?: FunctionHandler<Arguments>;
}

/** A Standard Schema (zod, valibot, …) that converts to JSON Schema, as those of zod 4.2 and later do. */
type DescribedSchema<Input, Output> = StandardSchemaV1<Input, Output> & StandardJSONSchemaV1<Input, Output>;

const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Not public: the time limit of a function. */
export const functionTimeLimit = is.custom(
  "milliseconds above 0, or Infinity for no limit",
  (value) => typeof value === "number" && value > 0,
);

/** Not public: the options of a function. */
export const functionChecks = {
  timeoutMs: functionTimeLimit,
  cancelOnInterruption: is.flag,
  runLLM: is.flag,
} satisfies Checks<FunctionOptions>;

const schemaCheck = is.custom(
  "a JSON Schema or a Standard Schema",
  (value) => is.object.holds(value) || isStandardSchema(value),
);

/** Not public: the name of a function. */
export const functionName = is.custom("1 to 64 of A-Z, a-z, 0-9, _ and -", isName);

const definitionChecks = {
  ...functionChecks,
  name: is.required(functionName),
  description: is.string,
  parameters: is.required(schemaCheck),
  jsonSchema: is.object,
  strict: is.flag,
  execute: is.func,
  // Of a tool that is spread into another definition; the new definition makes its own.
  check: is.func,
} satisfies Checks<ToolDefinition<unknown, never> & { jsonSchema: JsonSchema; check: unknown }>;

const definitionHints = {
  inputSchema: "it is called `parameters`",
  input_schema: "it is called `parameters`",
  schema: "it is called `parameters`",
  handler: "it is called `execute`",
  run: "it is called `execute`",
  func: "it is called `execute`",
  fn: "it is called `execute`",
  callback: "it is called `execute`",
  args: "it is called `parameters`",
  type: "its fields are given directly: { name, description, parameters, execute }",
  function: "its fields are given directly: { name, description, parameters, execute }",
};

/**
 * Defines a function that the model may call. `parameters` is a Standard Schema, which types `execute`'s arguments, or a
 * plain JSON Schema.
 *
 * @example
 * const weather = defineTool({
 *   name: "get_weather",
 *   description: "The weather in a city, now.",
 *   parameters: z.object({ city: z.string() }),
 *   execute: ({ city }) => fetchWeather(city),
 * });
 * @throws InvalidArgumentError which names the field that cannot be used.
 */
export function defineTool<Input, Output>(
  definition: ToolDefinition<DescribedSchema<Input, Output>, Output>,
): FunctionTool;
export function defineTool<Input, Output>(
  definition: ToolDefinition<StandardSchemaV1<Input, Output>, Output> & { jsonSchema: JsonSchema },
): FunctionTool;
export function defineTool(definition: ToolDefinition<JsonSchema, Record<string, unknown>>): FunctionTool;
export function defineTool(
  definition: ToolDefinition<JsonSchema | StandardSchemaV1, never> & { jsonSchema?: JsonSchema },
): FunctionTool {
  const path = isRecord(definition) && isName(definition.name) ? `${definition.name}.` : "";
  checkOptions("defineTool()", definition, definitionChecks, definitionHints, path);
  const { parameters, jsonSchema, strict, ...rest } = definition;
  const standard = isStandardSchema(parameters);
  const schema = jsonSchema ?? (standard ? describe(parameters, rest.name) : parameters);
  checkObjectSchema(schema, `${rest.name}.${jsonSchema === undefined ? "parameters" : "jsonSchema"}`);
  const check = standard ? standardCheck(parameters) : jsonSchemaCheck(schema, rest.name);
  return Object.freeze({ ...rest, strict: strict ?? false, parameters: schema, check });
}

function isName(value: unknown): boolean {
  return typeof value === "string" && namePattern.test(value);
}

function describe(schema: StandardSchemaV1 | DescribedSchema<unknown, unknown>, name: string): JsonSchema {
  const standard: StandardSchemaV1.Props & { jsonSchema?: StandardJSONSchemaV1.Converter } = schema["~standard"];
  if (standard.jsonSchema === undefined) {
    throw new InvalidArgumentError(
      `${name}.parameters`,
      "this Standard Schema cannot be converted to JSON Schema; pass `jsonSchema` as well",
    );
  }
  try {
    const { $schema: _, ...described } = standard.jsonSchema.input({ target: "draft-2020-12" });
    return described;
  } catch (error) {
    throw new InvalidArgumentError(
      `${name}.parameters`,
      "this schema cannot be converted to JSON Schema; pass `jsonSchema` as well",
      {
        cause: error,
      },
    );
  }
}

function standardCheck(schema: StandardSchemaV1): FunctionTool["check"] {
  return async (args) => {
    const result = await schema["~standard"].validate(args);
    if (result.issues === undefined) return { value: result.value };
    return { problem: result.issues.map((issue) => `${path(issue.path)}${issue.message}`).join("; ") };
  };
}

function path(segments: StandardSchemaV1.Issue["path"]): string {
  if (segments === undefined || segments.length === 0) return "";
  return `${segments.map((segment) => String(typeof segment === "object" ? segment.key : segment)).join(".")}: `;
}

function jsonSchemaCheck(schema: JsonSchema, name: string): FunctionTool["check"] {
  const validator = newValidator(schema, name);
  return (args) => {
    const result = validator.validate(args);
    if (result.valid) return { value: args };
    // The errors of outer keywords only say that there is an inner one.
    const innermost = result.errors.filter((error) => !/^(properties|items|\$ref)$/.test(error.keyword));
    return { problem: innermost.map((error) => `${error.instanceLocation}: ${error.error}`).join("; ") };
  };
}

function newValidator(schema: JsonSchema, name: string): Validator {
  try {
    // A copy, since the validator writes on the schema.
    return new Validator(structuredClone(schema), "2020-12", false);
  } catch (error) {
    throw new InvalidArgumentError(`${name}.parameters`, "this JSON Schema cannot be used", { cause: error });
  }
}
