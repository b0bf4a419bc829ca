import { InvalidArgumentError, kindOf } from "../errors.ts";
import { LLMAssistantAggregator } from "./assistant-aggregator.ts";
import { checkContext, type LLMContext } from "./llm-context.ts";
import { LLMUserAggregator } from "./user-aggregator.ts";

/**
 * The two aggregators of one conversation: `user` stands before the LLM service, `assistant` at the pipeline's end.
 *
 * @example
 * const { user, assistant } = new LLMContextAggregatorPair(context);
 * const pipeline = new Pipeline([input, user, llm, output, assistant]);
 */
export class LLMContextAggregatorPair {
  readonly user: LLMUserAggregator;
  readonly assistant: LLMAssistantAggregator;

  /** @throws InvalidArgumentError */
  constructor(context: LLMContext, ...more: readonly never[]) {
    checkContext(context);
    if (more.length > 0) {
      throw new InvalidArgumentError("options", `expected nothing beside the context, got ${kindOf(more[0])}`);
    }
    this.assistant = new LLMAssistantAggregator(context);
    // So that the order of the messages does not depend on when an interruption reaches the end of the pipeline.
    this.user = new LLMUserAggregator(context, this.assistant);
  }
}
