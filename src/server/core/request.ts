import type { Response, ResponseCreateParamsBase, Tool } from "openai/resources/responses/responses";
import type { ResponseInputItem } from "../../protocol/index.ts";
import { invalidRequest, previousResponseNotFound, ResponsesApiError } from "../api-error.ts";
import { validateCalls, validateFields, validateReasoning } from "../validation/index.ts";
import { estimateValueTokens } from "./tokens.ts";

/** A completed response, as far as the next request of its chain needs it. */
export interface CompletedResponse {
  readonly id: string;
  /** What the model saw, and what it answered. */
  readonly conversation: readonly ResponseInputItem[];
  /** About how many tokens that is. */
  readonly tokens: number;
}

/** A request that can be answered: its fields are checked and its chain is known. */
export interface CreateRequest {
  readonly params: ResponseCreateParamsBase & { model: string };
  /** False for a warm-up: an id to chain from, and no output. */
  readonly generate: boolean;
  readonly conversation: readonly ResponseInputItem[];
  readonly tools: readonly Tool[];
  readonly toolChoice: Response["tool_choice"];
  readonly includeEncryptedReasoning: boolean;
  readonly inputTokens: number;
  readonly conversationTokens: number;
  /** How much of the input came with the chain. */
  readonly cachedTokens: number;
}

export interface RequestContext {
  readonly transport: "websocket" | "http";
  /** The models served; absent: any name. */
  readonly models?: readonly string[];
  find(previousResponseId: string): CompletedResponse | undefined;
}

/** Reads a `response.create` event or the body of a POST; throws a `ResponsesApiError` for what cannot be answered. */
export function readRequest(body: Record<string, unknown>, context: RequestContext): CreateRequest {
  validateFields(body, context.transport);
  rejectUnsupported(body, context);
  // The fields have just been checked one by one against the same names.
  const params = body as unknown as CreateRequest["params"];
  const generate = body["generate"] !== false;
  const parent = findParent(params, context);
  const input = readInput(params, parent !== undefined || !generate);
  validateReasoning(input, params.store !== false);
  const conversation = parent === undefined ? input : [...parent.conversation, ...input];
  validateCalls(conversation, !generate);
  const cachedTokens = parent?.tokens ?? 0;
  const conversationTokens = cachedTokens + estimateValueTokens(input);
  const tools = params.tools ?? [];
  return {
    params,
    generate,
    conversation,
    tools,
    toolChoice: params.tool_choice ?? "auto",
    includeEncryptedReasoning: context.transport === "websocket" || includes(params, "reasoning.encrypted_content"),
    inputTokens: conversationTokens + estimateValueTokens(params.instructions) + estimateValueTokens(tools),
    conversationTokens,
    cachedTokens,
  };
}

function rejectUnsupported(body: Record<string, unknown>, { transport, models }: RequestContext): void {
  if (transport === "websocket" && typeof body["stream"] === "boolean") {
    throw invalidRequest(
      "stream",
      "Unsupported parameter: 'stream' is implicit over a WebSocket; leave it out.",
      "unsupported_parameter",
    );
  }
  if (body["background"] === true) {
    throw invalidRequest(
      "background",
      "Unsupported parameter: 'background' is not supported here.",
      "unsupported_parameter",
    );
  }
  const model = String(body["model"]);
  if (models !== undefined && !models.includes(model)) throw modelNotFound(model, 400);
}

export function modelNotFound(model: string, status = 404): ResponsesApiError {
  const message = `The requested model '${model.slice(0, 128)}' does not exist.`;
  return new ResponsesApiError({ status, message, param: "model", code: "model_not_found" });
}

function findParent(params: CreateRequest["params"], context: RequestContext): CompletedResponse | undefined {
  const id = params.previous_response_id;
  if (id === undefined || id === null) return undefined;
  const parent = context.find(id);
  if (parent !== undefined) return parent;
  const detail =
    context.transport === "http"
      ? " This server keeps no responses over HTTP, whatever `store` says: send the whole input, or use its WebSocket."
      : "";
  throw previousResponseNotFound(id, detail);
}

function readInput(params: CreateRequest["params"], mayBeAbsent: boolean): ResponseInputItem[] {
  const { input } = params;
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  if (Array.isArray(input)) return input;
  if (mayBeAbsent) return [];
  throw invalidRequest(
    "input",
    'One of "input" or "previous_response_id" must be provided.',
    "missing_required_parameter",
  );
}

function includes(params: CreateRequest["params"], name: string): boolean {
  return params.include?.some((included) => included === name) ?? false;
}
