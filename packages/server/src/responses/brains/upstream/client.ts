import type { OpenAI } from "openai";
import type { UpstreamSettings } from "./options.ts";

/** Makes the HTTP client on first use: the `openai` package takes longer to load than a server to start. */
export function clientSource(settings: UpstreamSettings): () => Promise<OpenAI> {
  let client: Promise<OpenAI> | undefined;
  return () => (client ??= newClient(settings));
}

async function newClient({ baseURL, apiKey, headers, timeoutMs }: UpstreamSettings): Promise<OpenAI> {
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
