import type { Response, ResponseError } from "openai/resources/responses/responses";
import { LinkedSignal } from "turnwire/internal";
import { type ResponsesApiError, toApiError } from "../api-error.ts";
import type { BrainOutput, BrainUsage } from "../brain.ts";
import type { EventSink } from "../events.ts";
import { BrainRun } from "./brain-run.ts";
import { OutputWriter } from "./output-writer.ts";
import type { CreateRequest } from "./create-request.ts";
import type { CompletedResponse } from "./response-store.ts";
import type { RequestRecord } from "./request-log.ts";
import { newResponse, unixSeconds, usageOf } from "./response-object.ts";
import type { ServerCore } from "./server-core.ts";
import type { SteerInbox } from "./steering.ts";

export type Outcome =
  /** The response has ended. `completed` is what can be continued; `steered` was cut short by steering. */
  | { status: "completed" | "steered" | "incomplete" | "cancelled"; response: Response; completed: CompletedResponse }
  /** `response.failed` after output, or an error before any. */
  | { status: "failed" | "rejected"; error: ResponsesApiError };

/** The signal's reason when the client cancelled: then an event ends the response. */
export const cancelledByClient = Symbol("cancelled by the client");

/** How many outputs of a brain that never waits are sent before the event loop goes on. */
const outputsPerTurn = 8;

/** What connects a generation with its connection. */
export interface GenerationLinks {
  /** Called when the response has an id, before its first event is sent. */
  created?(responseId: string): void;
  /** Input that is queued for the response, which it ends for at the next safe place. */
  steers?: SteerInbox;
}

/**
 * Answers one request: runs the brain, sends the events to `sink`, keeps `record` up to date, and stores the response if
 * the request asks for that. An incomplete one can be continued, too. Rejects if the sink cannot send what it held back.
 */
export async function generate(
  core: ServerCore,
  request: CreateRequest,
  sink: EventSink,
  record: RequestRecord,
  signal: AbortSignal,
  links: GenerationLinks = {},
): Promise<Outcome> {
  const generation = new Generation(core, request, sink, record, links);
  const outcome = await generation.outcome(signal);
  await sink.settled?.(signal);
  if (request.store && "response" in outcome) {
    const { response, completed } = outcome;
    core.store.put({ response, input: request.input, completed, owner: request.owner });
  }
  return outcome;
}

class Generation {
  readonly #core: ServerCore;
  readonly #request: CreateRequest;
  readonly #sink: EventSink;
  readonly #record: RequestRecord;
  readonly #links: GenerationLinks;
  readonly #response: Response;
  readonly #writer: OutputWriter;
  readonly #unwanted = new AbortController();
  #brain: BrainRun | undefined;
  #counted: BrainUsage | undefined;
  readonly #startedAt: number;
  #begun = false;

  constructor(
    core: ServerCore,
    request: CreateRequest,
    sink: EventSink,
    record: RequestRecord,
    links: GenerationLinks,
  ) {
    this.#core = core;
    this.#request = request;
    this.#sink = sink;
    this.#record = record;
    this.#links = links;
    record.conversation = request.conversation;
    record.tools = request.tools;
    if (request.instructions !== null) record.instructions = request.instructions;
    this.#startedAt = core.clock.now();
    this.#response = newResponse(request, core.newId("resp"));
    this.#writer = new OutputWriter(core, request, (event) => sink.event(event));
  }

  /** Never rejects. */
  async outcome(signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#run(signal);
    } catch (error) {
      return this.#fail(error, signal);
    } finally {
      this.#brain?.dispose();
    }
  }

  async #run(signal: AbortSignal): Promise<Outcome> {
    if (!this.#request.generate) {
      this.#begin();
      return this.#complete();
    }
    using linked = new LinkedSignal(signal, this.#unwanted.signal);
    const brain = new BrainRun(this.#core, this.#request, linked.signal);
    this.#brain = brain;
    let next = brain.next(signal);
    await refusedAtOnce(next);
    this.#begin();
    next = brain.paced(next, true, linked.signal);
    for (let count = 1; ; count += 1) {
      const result = await this.#unlessSteered(next);
      if (result === "steered") return this.#steered();
      if (result.done === true) return this.#complete();
      if (result.value.type === "usage") {
        this.#counted = result.value;
        next = brain.next(signal);
        continue;
      }
      if (result.value.type === "incomplete") return this.#incomplete(result.value.reason);
      if (this.#steeredBefore(result.value)) return this.#steered();
      this.#record.firstOutputMs ??= this.#core.clock.now() - this.#startedAt;
      if (!this.#writer.write(result.value)) return this.#incomplete("max_output_tokens");
      if (count % outputsPerTurn === 0) await nextTick();
      await this.#sink.ready(signal);
      next = brain.paced(brain.next(signal), false, linked.signal);
    }
  }

  /** Ends the response after the brain threw or its signal fired. */
  #fail(cause: unknown, signal: AbortSignal): Outcome {
    if (signal.aborted) {
      return { status: "cancelled", ...this.#end("cancelled", {}, signal.reason === cancelledByClient) };
    }
    const error = toApiError(cause);
    if (error !== cause) this.#report(cause);
    if (!this.#begun || !this.#writer.started) {
      this.#record.status = this.#begun ? "failed" : "rejected";
      this.#record.errorCode = error.code;
      this.#sink.error(error);
      return { status: this.#record.status, error };
    }
    const response = this.#snapshot("failed", { error: responseError(error) });
    this.#record.status = "failed";
    this.#record.errorCode = error.code;
    this.#sink.event({ type: "response.failed", response });
    return { status: "failed", error };
  }

  #report(cause: unknown): void {
    try {
      this.#core.onBrainError(cause);
    } catch {
      // A listener that fails must not take the answer with it.
    }
  }

  #begin(): void {
    this.#begun = true;
    this.#record.responseId = this.#response.id;
    this.#record.status = "in_progress";
    this.#links.created?.(this.#response.id);
    this.#sink.event({ type: "response.created", response: this.#response });
    this.#sink.event({ type: "response.in_progress", response: this.#response });
  }

  /** While the brain is awaited, steering may end the response, unless an item is open. */
  async #unlessSteered(next: Promise<IteratorResult<BrainOutput>>): Promise<IteratorResult<BrainOutput> | "steered"> {
    const { steers } = this.#links;
    if (steers === undefined || !this.#writer.betweenItems || this.#writer.hasCalls) return await next;
    return await Promise.race([next, steers.arrived.then(() => "steered" as const)]);
  }

  /** Whether queued input ends the response before this new item. It does not while the client owes tool outputs. */
  #steeredBefore(output: BrainOutput): boolean {
    const waiting = this.#links.steers?.size ?? 0;
    return waiting > 0 && !this.#writer.hasCalls && this.#writer.beginsItem(output);
  }

  #complete(): Outcome {
    this.#writer.close("completed");
    return { status: "completed", ...this.#end("completed", { completed_at: unixSeconds() }) };
  }

  #incomplete(reason: string): Outcome {
    this.#writer.close("incomplete");
    return { status: "incomplete", ...this.#end("incomplete", because(reason)) };
  }

  /** Ends the response between two items for queued input. Its output stands, and the successor continues it. */
  #steered(): Outcome {
    this.#writer.close("completed");
    const ended = this.#end("incomplete", because("steered"));
    this.#unwanted.abort();
    return { status: "steered", ...ended };
  }

  /**
   * Sends the terminal event. The API has none of its own for a cancelled response: `response.incomplete` is the one that
   * fits, and the response's status says `cancelled`, as it does after `POST /v1/responses/{id}/cancel`.
   */
  #end(
    status: "completed" | "incomplete" | "cancelled",
    fields: Partial<Response>,
    tellClient = true,
  ): { response: Response; completed: CompletedResponse } {
    const response = this.#snapshot(status, fields);
    this.#record.status = status;
    const type = status === "completed" ? "response.completed" : "response.incomplete";
    if (tellClient) this.#sink.event({ type, response });
    const output = this.#writer.items();
    const completed = {
      id: response.id,
      conversation: [...this.#request.conversation, ...output],
      prompt: this.#core.promptCache.extend(this.#request.prompt, output),
      instructions: this.#request.instructions,
    };
    return { response, completed };
  }

  #snapshot(status: NonNullable<Response["status"]>, fields: Partial<Response>): Response {
    const output = this.#writer.items();
    this.#record.output = output;
    const usage = usageOf(this.#request, this.#writer.outputTokens, this.#writer.reasoningTokens, this.#counted);
    this.#record.usage = usage;
    return { ...this.#response, status, output, usage, ...fields };
  }
}

function because(reason: string): Partial<Response> {
  return { incomplete_details: { reason } as Response.IncompleteDetails };
}

/** Lets the event loop read sockets and run timers. */
function nextTick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Rejects if the brain refuses the request at once, and resolves otherwise: a refused request never becomes a
 * response. It does not wait for a slow brain, since `response.created` must not be late.
 */
async function refusedAtOnce(first: Promise<unknown>): Promise<void> {
  await Promise.race([first, nextTick()]);
}

function responseError(error: ResponsesApiError): ResponseError {
  return { code: (error.body.code ?? "server_error") as ResponseError["code"], message: error.message };
}
