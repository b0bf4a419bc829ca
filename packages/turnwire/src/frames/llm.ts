import { ControlFrame, DataFrame } from "./frame.ts";

/** The model begins to answer. Exactly one for each inference. */
export class LLMFullResponseStartFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** The model has answered or failed, or was interrupted. Exactly one for each inference, whatever happens. */
export class LLMFullResponseEndFrame extends ControlFrame {
  /** Whether an interruption cut the answer short. */
  readonly interrupted: boolean;
  /** Why the answer is incomplete, such as `max_output_tokens` or `content_filter`. */
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

/** The user said something during the answer that steers it. */
export class LLMSteeredFrame extends DataFrame {
  /** User messages, in the shape of Chat Completions. */
  readonly messages: ReadonlyArray<{ role: "user"; content: unknown }>;
  /** Whether the model gets them only after the outputs of the functions that it called; otherwise the rest of the answer takes them into account. */
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

/** The model begins a thought. */
export class LLMThoughtStartFrame extends ControlFrame {}

/** A piece of the summary of a thought. It is not part of the reply. */
export class LLMThoughtTextFrame extends DataFrame {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** The model has finished a thought. */
export class LLMThoughtEndFrame extends ControlFrame {
  /** The provider whose form `item` has; see `LLMSpecificMessage`. */
  readonly llm: string;
  /** The thought in the provider's form, which the next request returns to it. */
  readonly item: unknown;

  constructor(llm: string, item: unknown) {
    super();
    this.llm = llm;
    this.item = item;
  }
}
