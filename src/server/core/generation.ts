import type { Response, ResponseError } from "openai/resources/responses/responses";
import { type Random, untilAborted } from "../../async/index.ts";
import { type ResponsesApiError, toApiError } from "../api-error.ts";
import type { Brain, BrainOutput, BrainRequest } from "../brain.ts";
import type { EventSink } from "./events.ts";
import { type IdSource, opaqueContent } from "./ids.ts";
import { OutputWriter } from "./output-writer.ts";
import type { CompletedResponse, CreateRequest } from "./request.ts";
import type { RequestRecord } from "./request-log.ts";
import { newResponse, unixSeconds, usageOf } from "./response-object.ts";

/** What answering needs, whatever the transport. */
export interface GenerationContext {
  readonly brain: Brain;
  readonly newId: IdSource;
  readonly random: Random;
  /** Told what a brain threw when it was not a `ResponsesApiError`: the client is not. */
  readonly onBrainError: (error: unknown) => void;
}

export type Outcome =
  /** `response.completed`: the chain can go on from it. */
  | { status: "completed"; response: Response; completed: CompletedResponse }
  | { status: "incomplete" | "cancelled"; response: Response }
  /** `response.failed` after output, or an error before any. */
  | { status: "failed" | "rejected"; error: ResponsesApiError };

/** The signal's reason when a client asked for the end: the response is ended with an event. */
export const cancelledByClient = Symbol("cancelled by the client");

/** How many outputs of a brain that never waits are sent before others get their turn. */
const outputsPerTurn = 8;

/** Answers one request: runs the brain, sends the events to `sink`, keeps `record` up to date. Never rejects. */
export async function generate(
  context: GenerationContext,
  request: CreateRequest,
  sink: EventSink,
  record: RequestRecord,
  signal: AbortSignal,
): Promise<Outcome> {
  const generation = new Generation(context, request, sink, record);
  try {
    return await generation.run(signal);
  } catch (error) {
    return generation.fail(error, signal);
  } finally {
    generation.dispose();
  }
}

class Generation {
  readonly #context: GenerationContext;
  readonly #request: CreateRequest;
  readonly #sink: EventSink;
  readonly #record: RequestRecord;
  readonly #response: Response;
  readonly #writer: OutputWriter;
  #iterator: AsyncIterator<BrainOutput> | Iterator<BrainOutput> | undefined;
  #begun = false;

  constructor(context: GenerationContext, request: CreateRequest, sink: EventSink, record: RequestRecord) {
    this.#context = context;
    this.#request = request;
    this.#sink = sink;
    this.#record = record;
    this.#response = newResponse(request, context.newId("resp"));
    this.#writer = new OutputWriter({
      emit: (event) => sink.event(event),
      newId: context.newId,
      newEncryptedContent: () => opaqueContent(context.random),
      includeEncryptedReasoning: request.includeEncryptedReasoning,
      maxOutputTokens: request.params.max_output_tokens ?? null,
    });
  }

  async run(signal: AbortSignal): Promise<Outcome> {
    if (!this.#request.generate) {
      this.#begin();
      return this.#complete();
    }
    this.#iterator = iterate(this.#context.brain(this.#brainRequest(signal)));
    let next = this.#next(signal);
    await refusedAtOnce(next);
    this.#begin();
    for (let count = 1; ; count += 1) {
      const result = await next;
      if (result.done === true) return this.#complete();
      if (result.value.type === "incomplete") return this.#incomplete(result.value.reason);
      if (!this.#writer.write(result.value)) return this.#incomplete("max_output_tokens");
      if (count % outputsPerTurn === 0) await turn();
      await this.#sink.ready(signal);
      next = this.#next(signal);
    }
  }

  /** Ends the response after the brain threw or its signal fired. */
  fail(cause: unknown, signal: AbortSignal): Outcome {
    if (signal.aborted) return this.#cancelled(signal.reason === cancelledByClient);
    const error = toApiError(cause);
    if (error !== cause) this.#report(cause);
    if (!this.#begun || !this.#writer.started) {
      this.#record.status = this.#begun ? "failed" : "rejected";
      this.#sink.error(error);
      return { status: this.#record.status, error };
    }
    const response = this.#snapshot("failed", { error: responseError(error) });
    this.#record.status = "failed";
    this.#sink.event({ type: "response.failed", response });
    return { status: "failed", error };
  }

  /** Lets a brain that is a generator run its `finally`, without waiting for one that hangs. */
  dispose(): void {
    try {
      const returned: unknown = this.#iterator?.return?.();
      if (returned instanceof Promise) returned.catch(() => undefined);
    } catch {
      // The answer is out: what a brain's clean-up throws concerns nobody.
    }
  }

  #report(cause: unknown): void {
    try {
      this.#context.onBrainError(cause);
    } catch {
      // The answer matters more than a reporter that fails.
    }
  }

  #begin(): void {
    this.#begun = true;
    this.#record.responseId = this.#response.id;
    this.#record.status = "in_progress";
    this.#sink.event({ type: "response.created", response: this.#response });
    this.#sink.event({ type: "response.in_progress", response: this.#response });
  }

  async #next(signal: AbortSignal): Promise<IteratorResult<BrainOutput>> {
    const iterator = this.#iterator as AsyncIterator<BrainOutput>;
    return await untilAborted(Promise.resolve(iterator.next()), signal);
  }

  #complete(): Outcome {
    this.#writer.close("completed");
    const response = this.#snapshot("completed", { completed_at: unixSeconds() });
    this.#record.status = "completed";
    this.#sink.event({ type: "response.completed", response });
    const completed: CompletedResponse = {
      id: response.id,
      conversation: [...this.#request.conversation, ...this.#writer.items()],
      tokens: this.#request.conversationTokens + this.#writer.outputTokens,
    };
    return { status: "completed", response, completed };
  }

  #incomplete(reason: string): Outcome {
    this.#writer.close("incomplete");
    const details = { reason } as Response.IncompleteDetails;
    const response = this.#snapshot("incomplete", { incomplete_details: details });
    this.#record.status = "incomplete";
    this.#sink.event({ type: "response.incomplete", response });
    return { status: "incomplete", response };
  }

  /**
   * The API has no event of its own for a cancelled response: `response.incomplete` is the terminal event that fits,
   * and the response's status says `cancelled`, as it does after `POST /v1/responses/{id}/cancel`.
   */
  #cancelled(tellClient: boolean): Outcome {
    const response = this.#snapshot("cancelled", {});
    this.#record.status = "cancelled";
    if (tellClient) this.#sink.event({ type: "response.incomplete", response });
    return { status: "cancelled", response };
  }

  #snapshot(status: NonNullable<Response["status"]>, fields: Partial<Response>): Response {
    const output = this.#writer.items();
    this.#record.output = output;
    const usage = usageOf(this.#request, this.#writer.outputTokens, this.#writer.reasoningTokens);
    return { ...this.#response, status, output, usage, ...fields };
  }

  #brainRequest(signal: AbortSignal): BrainRequest {
    const { params, conversation, tools, toolChoice } = this.#request;
    return {
      model: params.model,
      ...(typeof params.instructions === "string" ? { instructions: params.instructions } : {}),
      conversation,
      tools,
      toolChoice,
      parallelToolCalls: params.parallel_tool_calls ?? true,
      reasoning: params.reasoning ?? null,
      text: params.text ?? { format: { type: "text" } },
      maxOutputTokens: params.max_output_tokens ?? null,
      signal,
    };
  }
}

function iterate(outputs: ReturnType<Brain>): AsyncIterator<BrainOutput> | Iterator<BrainOutput> {
  return Symbol.asyncIterator in outputs ? outputs[Symbol.asyncIterator]() : outputs[Symbol.iterator]();
}

/** One turn of the event loop: sockets are read, timers fire. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Rejects when the brain refuses the request straight away, and resolves otherwise: such a request never becomes a
 * response. A brain that takes its time is not waited for, as `response.created` must not be late.
 */
async function refusedAtOnce(first: Promise<unknown>): Promise<void> {
  await Promise.race([first, turn()]);
}

function responseError(error: ResponsesApiError): ResponseError {
  return { code: (error.body.code ?? "server_error") as ResponseError["code"], message: error.message };
}
