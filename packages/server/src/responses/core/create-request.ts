import type { Response, ResponseCreateParamsBase, Tool, ResponseInputItem } from "openai/resources/responses/responses";
import {
  invalidRequest,
  missingInput,
  previousResponseNotFound,
  ResponsesApiError,
  unknownParameter,
  unsupportedParameter,
} from "../api-error.ts";
import type { Dialect } from "../dialects/index.ts";
import { itemsOf } from "../input-items.ts";
import { validateCalls, validateFields, validateReasoning } from "../validation/index.ts";
import type { Prefix } from "./prompt-cache.ts";
import type { CompletedResponse } from "./response-store.ts";
import { findStored, type ServerCore } from "./server-core.ts";

/** A request that can be answered: its fields are checked and its chain is known. */
export interface CreateRequest {
  readonly params: ResponseCreateParamsBase & { model: string };
  /** False for a warm-up: an id to chain from, and no output. */
  readonly generate: boolean;
  /** The items of this request alone. */
  readonly input: readonly ResponseInputItem[];
  readonly conversation: readonly ResponseInputItem[];
  readonly instructions: string | null;
  readonly tools: readonly Tool[];
  readonly toolChoice: Response["tool_choice"];
  readonly includeEncryptedReasoning: boolean;
  readonly prompt: Prefix;
  /** How many of the prompt's tokens a recent prompt began with. */
  readonly cachedTokens: number;
  readonly store: boolean;
  readonly owner: string;
}

export interface RequestContext {
  readonly transport: "websocket" | "http";
  /** Whose request it is; empty if the server needs no keys. */
  readonly owner: string;
  /** Finds a response that the connection keeps. */
  readonly kept?: (id: string) => CompletedResponse | undefined;
  /** Steering input that was queued for the parent, and goes before the request's own. */
  readonly steered?: readonly ResponseInputItem[];
}

/** Reads a `response.create` event or the body of a POST. Throws a `ResponsesApiError` if it cannot be answered. */
export function readRequest(
  core: ServerCore,
  body: Readonly<Record<string, unknown>>,
  context: RequestContext,
): CreateRequest {
  const { dialect } = core;
  const { transport, owner, steered = [] } = context;
  validateFields(body, { transport, nulls: dialect.nulls, unknownFields: dialect.unknownFields });
  rejectUnsupported(core, body, transport);
  // The fields have just been checked one by one against the same names.
  const params = body as unknown as CreateRequest["params"];
  const generate = body["generate"] !== false;
  const parent = findParent(core, params, context);
  if ((params.input ?? undefined) === undefined && parent === undefined && generate) throw missingInput();
  const own = itemsOf(params.input);
  validateReasoning(own, params.store !== false);
  if (dialect.itemIds === "refuse" && params.store === false) rejectItemIds(own);
  validateCalls(parent?.conversation ?? [], own, !generate);
  const input = [...steered, ...own];
  const instructions = instructionsOf(params, parent, dialect);
  const tools = params.tools ?? [];
  const earlier = parent?.conversation ?? [];
  const head = { owner, instructions: instructions ?? "", tools };
  const prompt = core.promptCache.read(head, earlier, parent?.prompt, input);
  return {
    params,
    generate,
    input,
    conversation: [...earlier, ...input],
    instructions,
    tools,
    toolChoice: params.tool_choice ?? "auto",
    includeEncryptedReasoning: transport === "websocket" || includes(params, "reasoning.encrypted_content"),
    prompt: prompt.end,
    cachedTokens: prompt.cachedTokens,
    store: params.store !== false,
    owner,
  };
}

function rejectUnsupported(
  { models, dialect }: ServerCore,
  body: Readonly<Record<string, unknown>>,
  transport: RequestContext["transport"],
): void {
  if (transport === "websocket" && body["stream"] === false) {
    throw unsupportedParameter("stream", "is implicit over a WebSocket; leave it out.");
  }
  if (body["background"] === true) throw unsupportedParameter("background", "is not supported here.");
  if (dialect.warmUp === "refuse" && "generate" in body) throw unknownParameter("generate");
  const model = String(body["model"]);
  if (models !== undefined && !models.includes(model)) throw modelNotFound(model, 400);
}

export function modelNotFound(model: string, status = 404): ResponsesApiError {
  const message = `The requested model '${model.slice(0, 128)}' does not exist.`;
  return new ResponsesApiError({ status, message, param: "model", code: "model_not_found" });
}

function findParent(
  core: ServerCore,
  params: CreateRequest["params"],
  { transport, owner, kept }: RequestContext,
): CompletedResponse | undefined {
  const id = params.previous_response_id;
  if (id === undefined || id === null) return undefined;
  const parent = kept?.(id) ?? findStored(core, id, owner)?.completed;
  if (parent !== undefined) return parent;
  const detail = transport === "http" ? " Over HTTP only responses with `store: true` can be continued." : "";
  throw previousResponseNotFound(id, detail);
}

function instructionsOf(
  params: CreateRequest["params"],
  parent: CompletedResponse | undefined,
  { instructions }: Dialect,
): string | null {
  const given = params.instructions ?? null;
  if (instructions === "together" || parent === undefined) return given;
  if (given === null) return parent.instructions;
  throw invalidRequest(
    "instructions",
    "Request validation error: Argument not supported: instructions and previous_response_id together",
  );
}

/** If nothing is stored, the server cannot know the id of an item. */
function rejectItemIds(input: readonly ResponseInputItem[]): void {
  for (const item of input) {
    if (!("id" in item) || typeof item.id !== "string" || item.type === "item_reference") continue;
    const message = `Item with id '${item.id.slice(0, 128)}' not found. Items are not persisted when \`store\` is set to false. Leave the ids out.`;
    throw new ResponsesApiError({ status: 404, param: "input", message });
  }
}

function includes(params: CreateRequest["params"], name: string): boolean {
  return params.include?.some((included) => included === name) ?? false;
}
