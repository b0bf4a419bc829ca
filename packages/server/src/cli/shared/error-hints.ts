import { errorCodes } from "turnwire/internal";
import { withoutKeys } from "turnwire/internal";
import { ProviderError, TurnwireError, WebsocketConnectError } from "turnwire";

const hints: ReadonlyArray<[test: (error: TurnwireError, status: number | undefined) => boolean, hint: string]> = [
  [(error, status) => status === 401 || error.code === errorCodes.invalidApiKey, "check the key in OPENAI_API_KEY"],
  [(_, status) => status === 403, "check that the key may use this server and model"],
  [(error) => error.code === "model_not_found", "name another one with --model"],
  [(error, status) => error instanceof WebsocketConnectError && status === 404, "check --base-url, or try --http"],
  [(_, status) => status === 404, "check --base-url and --model"],
  [(error, status) => error instanceof WebsocketConnectError && status !== undefined && status < 500, "try --http"],
  [(error) => error.code === errorCodes.insufficientQuota, "check plan and billing of this key"],
  [(_, status) => status === 429, "wait a little and try again"],
  [(error) => error.code === errorCodes.contextLength, "start a new conversation"],
  [(error) => error.code === "connection_failed", "check the network, --base-url and OPENAI_BASE_URL"],
  [(error) => error.retryable, "try again"],
];

/** An error in one line, with a way out where one is known, and without anything that looks like a key. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const line = withoutKeys(message).replaceAll(/\s+/g, " ").trim();
  const hint = error instanceof TurnwireError ? hintFor(error) : undefined;
  return hint === undefined ? line : `${line.replace(/\.$/, "")}; ${hint}`;
}

/** The code of an error, for machines. */
export function errorCode(error: unknown): string {
  return error instanceof TurnwireError ? error.code : "unexpected";
}

function hintFor(error: TurnwireError): string | undefined {
  const status = error instanceof ProviderError || error instanceof WebsocketConnectError ? error.status : undefined;
  return hints.find(([test]) => test(error, status))?.[1];
}
