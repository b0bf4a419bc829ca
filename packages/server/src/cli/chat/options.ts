import { readArgs, UsageError } from "../shared/read-args.ts";

export type ChatOptions = ReturnType<typeof readChatOptions>;

const helpCommand = "turnwire chat --help";

const known = {
  "base-url": { type: "string" },
  model: { type: "string" },
  system: { type: "string" },
  http: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/**
 * Reads the options of `turnwire chat`.
 * @throws UsageError
 */
export function readChatOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const values = readArgs(args, known, { helpCommand });
  const baseURL = values["base-url"] ?? (env["OPENAI_BASE_URL"] || undefined);
  if (baseURL !== undefined && !/^https?:$/.test(URL.parse(baseURL)?.protocol ?? "")) {
    throw new UsageError("the base URL is not one such as https://api.openai.com/v1", helpCommand);
  }
  if (values.model === "") throw new UsageError("--model is empty", helpCommand);
  const { model, system, http = false, json = false, help = false, version = false } = values;
  const apiKey = env["OPENAI_API_KEY"]?.trim() || undefined;
  return { apiKey, baseURL, model, system, http, json, help, version };
}
