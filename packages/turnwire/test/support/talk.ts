import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMContext,
  LLMContextAggregatorPair,
  type LLMFullResponseEndFrame,
  type OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  PipelineTask,
  type PipelineTaskOutcome,
  SystemFrame,
  TranscriptionFrame,
  type TurnwireError,
} from "turnwire";
import type { ResponsesServerOptions } from "@turnwire/server";
import { endsOf, until } from "@turnwire/test-kit";
import { type Setup, setup } from "./setup.ts";

/** A running pipeline [user aggregator, llm, ...between, assistant aggregator]. */
export interface Talk extends Setup<OpenAIResponsesLLMService> {
  context: LLMContext;
  task: PipelineTask;
  /** The last processor. */
  last: FrameProcessor;
  /** The frames that left the pipeline at its end. */
  out: Frame[];
  /** The frames that came back to the start. */
  back: Frame[];
  errors: TurnwireError[];
  finished: Promise<PipelineTaskOutcome>;
  /** Sends a transcription of the user. */
  say(text: string): Promise<void>;
  /** Waits until this many responses have ended at the end of the pipeline. Returns the last end frame. */
  ended(count: number): Promise<LLMFullResponseEndFrame>;
}

export interface TalkOptions {
  server?: ResponsesServerOptions;
  llm?: OpenAIResponsesLLMServiceOptions;
  context?: LLMContext;
  between?: readonly FrameProcessor[];
  /** Called for every frame that leaves the pipeline at its end. */
  onFrame?: (frame: Frame, talk: Talk) => void;
}

export async function startTalk(options: TalkOptions = {}): Promise<Talk> {
  const service = await setup(options.server, options.llm);
  const { llm, logger } = service;
  const context = options.context ?? new LLMContext();
  const pair = new LLMContextAggregatorPair(context);
  const task = new PipelineTask([pair.user, llm, ...(options.between ?? []), pair.assistant], { logger });
  const finished = Promise.withResolvers<PipelineTaskOutcome>();
  const out: Frame[] = [];
  const talk: Talk = {
    ...service,
    context,
    task,
    last: pair.assistant,
    out,
    back: [],
    errors: [],
    finished: finished.promise,
    say: (text) => task.queueFrame(new TranscriptionFrame(text)),
    async ended(count) {
      await until(() => endsOf(out).length >= count);
      return endsOf(out).at(count - 1)!;
    },
    async [Symbol.asyncDispose]() {
      await task.cancel();
      await service[Symbol.asyncDispose]();
    },
  };
  task.on("frameReachedDownstream", (frame) => {
    out.push(frame);
    options.onFrame?.(frame, talk);
  });
  task.on("frameReachedUpstream", (frame) => void talk.back.push(frame));
  task.on("error", (error) => void talk.errors.push(error));
  task.on("finished", (outcome) => finished.resolve(outcome));
  task.run().catch(() => undefined);
  return talk;
}

/** Holds chosen data and control frames until `release()`, as a speech service does. */
export class Gate extends FrameProcessor {
  readonly #holds: (frame: Frame) => boolean;
  #held: Array<() => void> = [];

  constructor(holds: (frame: Frame) => boolean) {
    super();
    this.#holds = holds;
  }

  get held(): number {
    return this.#held.length;
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (direction === "downstream" && !(frame instanceof SystemFrame) && this.#holds(frame)) {
      await new Promise<void>((resolve) => {
        this.#held.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    await this.pushFrame(frame, direction);
  }
}
