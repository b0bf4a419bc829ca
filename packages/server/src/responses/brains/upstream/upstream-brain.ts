import type { OpenAI } from "openai";
import type { Brain, BrainOutput, BrainRequest } from "../../brain.ts";
import { toChatRequest } from "./chat-request.ts";
import { readChatStream } from "./chat-stream.ts";
import { newClient } from "./client.ts";
import { scrubber, toUpstreamError } from "./errors.ts";
import { readOptions, type UpstreamBrainOptions, type UpstreamSettings } from "./options.ts";
import { toResponsesRequest } from "./responses-request.ts";
import { readResponsesStream } from "./responses-stream.ts";

/**
 * A brain that asks another server, one that speaks Chat Completions or Responses over HTTP. Ollama, llama.cpp, vLLM or
 * LM Studio get WebSocket mode with incremental input; the upstream gets the whole conversation. When the response is
 * cancelled, the upstream's request is aborted. The upstream's errors become the client's, without the server's key.
 *
 * ```ts
 * const brain = upstreamBrain({ url: "http://127.0.0.1:11434/v1", model: "qwen3" });
 * await using server = await ResponsesServer.start({ brain });
 * ```
 *
 * @throws InvalidArgumentError naming the option that cannot be used.
 */
export function upstreamBrain(options: UpstreamBrainOptions): Brain {
  const settings = readOptions(options);
  const secrets = new Set(Object.values(settings.headers));
  const scrub = scrubber(secrets);
  let opened: Promise<OpenAI> | undefined;
  async function* ask(request: BrainRequest): AsyncGenerator<BrainOutput, void> {
    const { signal, conversation } = request;
    // On first use: the `openai` package takes longer to load than a server to start.
    const client = await (opened ??= newClient({ ...settings, apiKey: watched(settings.apiKey, secrets) }));
    if (settings.api === "chat") {
      const stream = await client.chat.completions.create(toChatRequest(request, settings), { signal });
      yield* readChatStream(stream, conversation);
    } else {
      const stream = await client.responses.create(toResponsesRequest(request, settings), { signal });
      yield* readResponsesStream(stream, scrub);
    }
  }
  async function* brain(request: BrainRequest): AsyncGenerator<BrainOutput, void> {
    try {
      yield* ask(request);
      // An aborted stream ends as if it were whole.
      request.signal.throwIfAborted();
    } catch (error) {
      request.signal.throwIfAborted();
      throw toUpstreamError(error, scrub);
    }
  }
  return Object.assign(brain, { countsTokens: true });
}

/** The key, which is added to the secrets as soon as it is known. */
function watched(apiKey: UpstreamSettings["apiKey"], secrets: Set<string>): UpstreamSettings["apiKey"] {
  if (typeof apiKey === "string") secrets.add(apiKey);
  if (typeof apiKey !== "function") return apiKey;
  return async () => {
    const key = await apiKey();
    secrets.add(key);
    return key;
  };
}
