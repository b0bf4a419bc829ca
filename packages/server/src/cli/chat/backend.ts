import { defined } from "turnwire/internal";
import {
  type LLMService,
  type Logger,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  type OpenAIResponsesOptions,
} from "turnwire";
import { ResponsesServer, rulesBrain } from "../../responses/index.ts";
import type { ChatOptions } from "./options.ts";
import { CuttableSockets } from "./sockets.ts";

/** Whom the conversation is held with. */
export interface Backend extends AsyncDisposable {
  readonly llm: LLMService;
  readonly transport: "websocket" | "http";
  readonly model: string;
  /** The server's base URL; absent for the provider's own. */
  readonly baseURL: string | undefined;
  /** Whether it is the embedded server. */
  readonly embedded: boolean;
  /** Cuts the connections that are open; the answer is how many. */
  drop(): number;
}

export interface BackendSettings {
  options: ChatOptions;
  /** Whether the embedded server speaks at the pace of a person rather than as fast as it can. */
  natural: boolean;
  logger: Logger;
}

/** How fast the rules speak to a person. */
export const naturalPace = { msPerToken: 25, firstTokenMs: 150 };

/** With a server that refuses to cancel, a reply cut short would have to run out before the next begins. */
const cancel = "honour";

/** Makes the service, and starts the embedded server where there is no other. */
export async function openBackend({ options, natural, logger }: BackendSettings): Promise<Backend> {
  const { apiKey } = options;
  const embedded = apiKey === undefined && options.baseURL === undefined;
  const server = embedded
    ? await ResponsesServer.start({ brain: rulesBrain(natural ? naturalPace : {}), cancel })
    : undefined;
  const baseURL = server?.url ?? options.baseURL;
  const model = options.model ?? (embedded ? "turnwire-rules" : "gpt-4.1");
  const serviceOptions: OpenAIResponsesOptions & { logger: Logger } = {
    apiKey: apiKey ?? "none",
    model,
    ...defined({ baseURL, instructions: options.system }),
    logger,
  };
  const sockets = new CuttableSockets();
  const llm = options.http
    ? new OpenAIResponsesHttpLLMService(serviceOptions)
    : new OpenAIResponsesLLMService({ ...serviceOptions, environment: { socketFactory: sockets.factory } });
  return {
    llm,
    transport: options.http ? "http" : "websocket",
    model,
    baseURL,
    embedded,
    drop: () => sockets.cut(),
    [Symbol.asyncDispose]: async () => {
      await llm.stop();
      await server?.close();
    },
  };
}
