import { defined, LinkedSignal } from "../async/index.ts";
import { checkFields, checkOptions, checkValue, is } from "../checks/index.ts";
import {
  AssistantWriter,
  checkContext,
  functionChecks,
  functionName,
  functionTimeLimit,
  type FunctionHandler,
  type FunctionOptions,
  type LLMContext,
  LLMContextFrame,
} from "../context/index.ts";
import { kindOf, TimeoutError, toTurnwireError, type TurnwireError } from "../errors.ts";
import {
  type Frame,
  type FunctionCall,
  FunctionCallsStartedFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMUpdateSettingsFrame,
  type MetricsData,
  MetricsFrame,
} from "../frames/index.ts";
import type { FrameDirection } from "../pipeline/index.ts";
import { connectionEvents, type ReconnectingWebsocketEvents } from "../websocket/index.ts";
import { AIService, type AIServiceOptions } from "../service/index.ts";
import { type RegisteredFunction, runFunctionCalls } from "./function-call-runner.ts";
import { type FrameSink, Inference } from "./inference.ts";
import { type InferenceRecord, timeToFirstOutput } from "./inference-record.ts";
import { checkInferenceResult, type InferenceResult } from "./inference-result.ts";
import { InferenceTrace } from "./inference-trace.ts";
import { type TurnNotes, TurnStream } from "./turn-stream.ts";

/** Time limits of an LLM service, in milliseconds. */
export interface LLMTimeouts {
  /** How long a function may take that has no limit of its own; default 10 000. */
  functionMs?: number;
}

export interface LLMServiceOptions extends AIServiceOptions {
  /** Whether the calls of one response run at the same time; default true. */
  runInParallel?: boolean;
  timeouts?: LLMTimeouts;
}

/** Events of an LLM service. Those of a connection come from services that keep one. */
export interface LLMServiceEvents extends ReconnectingWebsocketEvents {
  /** The model asked for functions. */
  functionCallsStarted: [calls: readonly FunctionCall[]];
  /** An interruption cancelled functions. */
  functionCallsCancelled: [calls: readonly FunctionCall[]];
  /** No output came within the time limit. */
  completionTimeout: [];
  /** An inference is over. */
  inference: [record: InferenceRecord];
}

export interface InferenceOptions {
  /** Interrupts the turn when it fires. */
  signal?: AbortSignal | undefined;
}

export interface RunInferenceOptions {
  /** Replaces the instructions of the service. */
  instructions?: string;
  /** The longest answer, in tokens. */
  maxTokens?: number;
  signal?: AbortSignal | undefined;
}

/**
 * The base of every LLM service. It does turns in direct use (`stream`, `respond`) and in a pipeline (it takes an
 * `LLMContextFrame` and pushes the answer's frames), and function calling. A provider implements `inference` and `runInference`.
 */
export abstract class LLMService extends AIService<LLMServiceEvents> {
  readonly #functions = new Map<string, RegisteredFunction>();
  readonly #runInParallel: boolean;
  readonly #functionTimeoutMs: number;
  /** The writer of each context between turns in direct use: functions may go on after their turn. */
  readonly #writers = new WeakMap<LLMContext, AssistantWriter>();
  #stopped = new AbortController();
  #inferences = 0;

  /** @throws InvalidArgumentError */
  constructor(options: LLMServiceOptions = {}) {
    super(options);
    this.events.declare(
      ...connectionEvents,
      "functionCallsStarted",
      "functionCallsCancelled",
      "completionTimeout",
      "inference",
    );
    checkFields(options, { runInParallel: is.flag });
    checkFields(options.timeouts ?? {}, { functionMs: functionTimeLimit }, "timeouts.");
    this.#runInParallel = options.runInParallel ?? true;
    this.#functionTimeoutMs = options.timeouts?.functionMs ?? 10_000;
  }

  /**
   * Asks the model once. The answer's frames go to `inference.emit`; what was sent and received is noted on `inference.trace`.
   * @returns The calls that the model asked for. An unusable result fails the inference.
   * @throws TurnwireError; what it throws after `inference.signal` has fired is ignored.
   */
  protected abstract inference(context: LLMContext, inference: Inference): Promise<InferenceResult>;

  /** The model that the service asks, for records and metrics. */
  protected abstract get model(): string;

  /** Changes settings, from the next inference on. */
  abstract updateSettings(settings: Readonly<Record<string, unknown>>): void;

  /** Asks for one answer outside of the conversation, as text. It runs no functions and appends nothing. */
  abstract runInference(context: LLMContext, options?: RunInferenceOptions): Promise<string>;

  /**
   * Registers the function that runs when the model calls `name`. It takes the place of the `execute` of a tool of that name.
   * @throws InvalidArgumentError
   */
  registerFunction<Arguments = Record<string, unknown>>(
    name: string,
    handler: FunctionHandler<Arguments>,
    options: FunctionOptions = {},
  ): void {
    checkValue(name, "name", functionName);
    checkValue(handler, "handler", is.func);
    checkOptions("registerFunction()", options, functionChecks);
    this.#functions.set(name, { ...options, handler: handler as FunctionHandler });
  }

  /** @throws InvalidArgumentError */
  unregisterFunction(name: string): void {
    checkValue(name, "name", is.text);
    this.#functions.delete(name);
  }

  /**
   * One inference: its frames from `LLMFullResponseStartFrame` to `LLMFullResponseEndFrame`. Functions are not run and the
   * context is left alone. When the signal fires, the stream ends quietly, and its end frame says so.
   *
   * If the inference fails, the loop throws a TurnwireError after the end frame.
   * @throws InvalidArgumentError
   */
  stream(context: LLMContext, options: InferenceOptions = {}): TurnStream {
    checkTurn("stream()", context, options);
    return new TurnStream(
      (notes) => async (sink, signal) => {
        using linked = new LinkedSignal(signal, this.#stopped.signal);
        await this.#infer(context, sink, linked.signal, notes);
      },
      options.signal,
    );
  }

  /**
   * A whole turn: asks the model, runs the functions it calls, asks again until the model calls no more, and appends the
   * reply, the calls and their results to the context. When the signal fires, or the reader leaves, the context keeps what
   * the reader has taken and the results so far. If a function goes on, the context gets its result when it has finished.
   *
   * If an inference fails, the loop throws a TurnwireError after the end frame; the context keeps the text until then.
   * @throws InvalidArgumentError
   */
  respond(context: LLMContext, options: InferenceOptions = {}): TurnStream {
    checkTurn("respond()", context, options);
    let writer = new AssistantWriter(context);
    let runLLM = true;
    const over = Promise.withResolvers<void>();
    const lateSink: FrameSink = async (frame) => {
      // After the frames that the reader has not taken yet.
      await over.promise;
      writer.take(frame);
    };
    return new TurnStream(
      (notes) => async (sink, signal, askedForMore) => {
        writer = this.#writers.get(context) ?? writer;
        this.#writers.delete(context);
        const stopped = this.#stopped.signal;
        while (runLLM && !signal.aborted && !stopped.aborted) {
          runLLM = false;
          await this.#answer(context, sink, lateSink, signal, notes);
          if (signal.aborted || stopped.aborted) notes.interrupted();
          await askedForMore();
        }
        if (runLLM) notes.interrupted();
      },
      options.signal,
      {
        onTaken: (frame) => void (runLLM = writer.take(frame) || runLLM),
        onLeft: (frame) => void writer.take(frame),
        onEnd: () => {
          writer.interrupt();
          this.#writers.set(context, writer);
          over.resolve();
        },
      },
    );
  }

  override stop(): void | Promise<void> {
    this.#stopped.abort(new DOMException(`${this.name} was stopped`, "AbortError"));
    this.#stopped = new AbortController();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof LLMContextFrame) await this.#processContext(frame.context, signal);
    else if (frame instanceof LLMUpdateSettingsFrame) this.updateSettings(frame.settings);
    else await super.processFrame(frame, direction, signal);
  }

  async #processContext(context: LLMContext, signal: AbortSignal): Promise<void> {
    const sink: FrameSink = (frame) => this.pushFrame(frame, "downstream", signal);
    const lateSink: FrameSink = (frame) => this.pushFrame(frame, "downstream");
    try {
      await this.#answer(context, sink, lateSink, signal);
    } catch (error) {
      await this.pushError(this.#asFailure(error));
    }
  }

  /** Runs one inference and the functions that it asks for. */
  async #answer(
    context: LLMContext,
    sink: FrameSink,
    lateSink: FrameSink,
    interruption: AbortSignal,
    notes?: TurnNotes,
  ): Promise<void> {
    using linked = new LinkedSignal(interruption, this.#stopped.signal);
    const { signal } = linked;
    const calls = await this.#infer(context, sink, signal, notes);
    if (calls.length === 0) return;
    const cancelled = await runFunctionCalls({
      calls,
      context,
      sink,
      lateSink,
      signal,
      registered: this.#functions,
      stopped: this.#stopped.signal,
      parallel: this.#runInParallel,
      timeoutMs: this.#functionTimeoutMs,
      clock: this.clock,
      logger: this.logger,
    });
    if (cancelled.length > 0) this.events.emit("functionCallsCancelled", cancelled);
  }

  /** Runs one inference, between exactly one start frame and one end frame. */
  async #infer(
    context: LLMContext,
    sink: FrameSink,
    signal: AbortSignal,
    notes?: TurnNotes,
  ): Promise<readonly FunctionCall[]> {
    const trace = new InferenceTrace({ number: ++this.#inferences, model: this.model, clock: this.clock });
    const inference = new Inference(sink, signal, trace);
    // The frames around the answer do not wait for room: a long queue is better than a turn that cannot end.
    void sink(new LLMFullResponseStartFrame());
    let result: InferenceResult | undefined;
    let failure: { error: unknown } | undefined;
    try {
      signal.throwIfAborted();
      const returned: unknown = await this.inference(context, inference);
      checkInferenceResult(returned);
      result = returned;
    } catch (error) {
      if (!signal.aborted) failure = { error: this.#asFailure(error) };
    }
    const interrupted = result === undefined && failure === undefined;
    const calls = signal.aborted ? [] : (result?.functionCalls ?? []);
    const incompleteReason = failure === undefined ? result?.incompleteReason : "failed";
    const ending = defined({ interrupted, incompleteReason });
    if (calls.length > 0) void sink(new FunctionCallsStartedFrame(calls));
    void sink(new LLMFullResponseEndFrame(ending));
    const { characters } = inference;
    const record = trace.finish({ ...ending, ...failure, functionCalls: calls.length, characters });
    notes?.inferred(record);
    this.#report(record);
    if (failure?.error instanceof TimeoutError) this.events.emit("completionTimeout");
    if (failure !== undefined) throw failure.error;
    if (calls.length > 0) this.events.emit("functionCallsStarted", calls);
    return calls;
  }

  /** Runs something with a signal that fires when the service stops or the caller's signal fires. */
  protected async untilStopped<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using linked = new LinkedSignal(signal, this.#stopped.signal);
    return await run(linked.signal);
  }

  #asFailure(error: unknown): TurnwireError {
    const what = error instanceof Error ? error.message : kindOf(error);
    return toTurnwireError(error, "inference_failed", `${this.name} failed: ${what}`);
  }

  #report(record: InferenceRecord): void {
    this.events.emit("inference", record);
    void this.pushFrame(new MetricsFrame(metrics(this.name, record)), "downstream");
  }
}

const ofService = "it belongs to the options of the service, or to updateSettings()";

const turnHints = {
  abortSignal: "it is called `signal`",
  instructions: ofService,
  model: ofService,
  temperature: ofService,
  reasoning: ofService,
  maxTokens: ofService,
  tools: "tools belong to the context",
  messages: "messages belong to the context",
};

function checkTurn(method: string, context: unknown, options: unknown): void {
  checkContext(context);
  checkOptions(method, options, { signal: is.signal }, turnHints);
}

function metrics(processor: string, record: InferenceRecord): MetricsData[] {
  const { model, interrupted, usage, times } = record;
  const ttfbMs = timeToFirstOutput(record);
  return [
    ...(ttfbMs === undefined ? [] : [{ type: "ttfb" as const, processor, model, valueMs: ttfbMs }]),
    { type: "processing", processor, model, valueMs: times.totalMs, interrupted },
    ...(usage === undefined ? [] : [{ type: "usage" as const, processor, model, usage }]),
  ];
}
