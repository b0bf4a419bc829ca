import type { Outcome } from "./generation.ts";
import type { CreateRequest } from "./request.ts";
import type { ServerCore } from "./server-core.ts";

/** Keeps a response that was to be stored. One that did not complete can be continued, too, as far as it came. */
export function storeResponse(core: ServerCore, request: CreateRequest, outcome: Outcome, owner: string): void {
  if (!request.store || !("response" in outcome)) return;
  const { response, completed } = outcome;
  core.store.put({ response, input: request.input, completed, owner });
}
