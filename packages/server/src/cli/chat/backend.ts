import { defined } from "turnwire/internal";
import { type LLMService, type Logger, OpenAIResponsesHttpLLMService, OpenAIResponsesLLMService } from "turnwire";
import { type OpenAIResponsesOptions } from "turnwire/provider";
import { ResponsesServer, rulesBrain } from "../../responses/index.ts";
import type { ChatOptions } from "./options.ts";
import { CuttableSockets } from "./cuttable-sockets.ts";

/** The service that the conversation is held with. */
export interface Backend extends AsyncDisposable {
  readonly llm: LLMService;
  readonly transport: "websocket" | "http";
  readonly model: string;
  /** The server's base URL; absent for the provider's own. */
  readonly baseURL: string | undefined;
  /** Whether it is the embedded server. */
  readonly embedded: boolean;
  /** Cuts the open connections. Returns how many there were. */
  drop(): number;
}

/** The pace of the rules for a person. */
export const naturalPace = { msPerToken: 25, firstTokenMs: 150 };

/** If the server refused to cancel, an interrupted reply would have to end before the next one begins. */
const cancel = "honour";

/**
 * Makes the service, and starts the embedded server if there is no other.
 * @param settings.natural Whether the embedded server answers at a person's pace instead of as fast as it can.
 */
export async function openBackend(settings: {
  options: ChatOptions;
  natural: boolean;
  logger: Logger;
}): Promise<Backend> {
  const { options, natural, logger } = settings;
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
