import type { Outcome } from "./generation.ts";
import type { CreateRequest } from "./create-request.ts";
import type { ServerCore } from "./server-core.ts";

/** Stores a response if its request asks for that. An incomplete one can be continued, too. */
export function storeResponse(core: ServerCore, request: CreateRequest, outcome: Outcome, owner: string): void {
  if (!request.store || !("response" in outcome)) return;
  const { response, completed } = outcome;
  core.store.put({ response, input: request.input, completed, owner });
}
