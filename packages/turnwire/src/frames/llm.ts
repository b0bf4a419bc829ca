import { ControlFrame, DataFrame } from "./frame.ts";

/** A model begins to answer. Exactly one per inference. */
export class LLMFullResponseStartFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** A model has answered, failed or been interrupted. Exactly one per inference, whatever happens. */
export class LLMFullResponseEndFrame extends ControlFrame {
  /** Whether an interruption cut the answer short. */
  readonly interrupted: boolean;
  /** Why the model stopped before it was done, such as `max_output_tokens` or `content_filter`. */
  readonly incompleteReason: string | undefined;

  constructor(options: { interrupted?: boolean; incompleteReason?: string } = {}) {
    super();
    this.interrupted = options.interrupted ?? false;
    this.incompleteReason = options.incompleteReason;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** The user said something to the running answer. */
export class LLMSteeredFrame extends DataFrame {
  /** User messages, in Chat Completions shape. */
  readonly messages: ReadonlyArray<{ role: "user"; content: unknown }>;
  /** Whether the model hears it only behind the outputs of the functions it called; else what follows heeds it. */
  readonly pending: boolean;

  constructor(messages: ReadonlyArray<{ role: "user"; content: unknown }>, options: { pending?: boolean } = {}) {
    super();
    this.messages = messages;
    this.pending = options.pending ?? false;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** The model begins to think. */
export class LLMThoughtStartFrame extends ControlFrame {}

/** A piece of the summary of what the model thinks: not part of its reply. */
export class LLMThoughtTextFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** The model has finished a thought. */
export class LLMThoughtEndFrame extends ControlFrame {
  /** Which provider's form `item` has; see `LLMSpecificMessage`. */
  readonly llm: string;
  /** The thought in the provider's form, to be given back to it in the next turn. */
  readonly item: unknown;

  constructor(llm: string, item: unknown) {
    super();
    this.llm = llm;
    this.item = item;
  }
}
