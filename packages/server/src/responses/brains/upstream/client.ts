import type { OpenAI } from "openai";
import type { UpstreamSettings } from "./options.ts";

export async function newClient({ baseURL, apiKey, headers, timeoutMs }: UpstreamSettings): Promise<OpenAI> {
  const { OpenAI } = await import("openai");
  return new OpenAI({
    baseURL,
    apiKey: apiKey ?? "none",
    // The package would take these from the environment, which is about another server.
    organization: null,
    project: null,
    adminAPIKey: null,
    defaultHeaders: { ...(apiKey === undefined ? { Authorization: null } : {}), ...headers },
    // The client decides about retries; it gets `retry-after`.
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: "off",
  });
}
