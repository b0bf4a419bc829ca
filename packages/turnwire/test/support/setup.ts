import {
  type LLMService,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  type InferenceRecord,
} from "turnwire";
import { ResponsesServer, type ResponsesServerOptions } from "@turnwire/server";
import { RecordingLogger } from "@turnwire/test-kit";

/** A service, its server, its log and its records. */
export interface Setup<S extends LLMService = LLMService> extends AsyncDisposable {
  server: ResponsesServer;
  llm: S;
  logger: RecordingLogger;
  records: InferenceRecord[];
}

async function start<S extends LLMService>(
  make: (options: OpenAIResponsesLLMServiceOptions) => S,
  server: ResponsesServerOptions,
  options: OpenAIResponsesLLMServiceOptions,
): Promise<Setup<S>> {
  const started = await ResponsesServer.start(server);
  const logger = new RecordingLogger();
  const llm = make({ apiKey: "test-key", baseURL: started.url, logger, ...options });
  const records: InferenceRecord[] = [];
  llm.on("inference", (record) => void records.push(record));
  return {
    server: started,
    llm,
    logger,
    records,
    async [Symbol.asyncDispose]() {
      await llm.stop();
      await started.close();
    },
  };
}

export function overWebsocket(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup<OpenAIResponsesLLMService>> {
  return start((all) => new OpenAIResponsesLLMService(all), server, options);
}

/** Over a WebSocket, with a server that honours cancels. */
export function setup(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup<OpenAIResponsesLLMService>> {
  return overWebsocket({ cancel: "honour", ...server }, options);
}

export function overHttp(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup> {
  return start((all) => new OpenAIResponsesHttpLLMService(all), server, options);
}
