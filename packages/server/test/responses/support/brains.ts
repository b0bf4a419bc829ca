import { untilAborted } from "turnwire/internal";
import type { Brain, BrainOutput, BrainRequest } from "../../../src/responses/index.ts";

/** Repeats the user's last message. */
export const echo: Brain = function* ({ conversation }) {
  yield { type: "text", delta: `echo: ${lastText({ conversation })}` };
};

export function lastText({ conversation }: Pick<BrainRequest, "conversation">): string {
  const last = conversation.findLast((item) => "role" in item && item.role === "user");
  return last !== undefined && "content" in last && typeof last.content === "string" ? last.content : "";
}

/** A brain that yields "one ", waits for its gate, and yields "two". */
export class GatedBrain {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly #started: string[] = [];
  /** The signals of the requests, by the user's message. */
  readonly signals = new Map<string, AbortSignal>();
  running = 0;
  mostRunning = 0;

  readonly brain: Brain = (request) => this.#answer(request);

  /** The user's messages, in the order in which their requests were started. */
  get started(): readonly string[] {
    return this.#started;
  }

  open(said: string): void {
    this.#gate(said).resolve();
  }

  async *#answer(request: BrainRequest): AsyncGenerator<BrainOutput, void> {
    const said = lastText(request);
    this.#started.push(said);
    this.signals.set(said, request.signal);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      yield { type: "text", delta: "one " };
      await untilAborted(this.#gate(said).promise, request.signal);
      yield { type: "text", delta: `two ${said}` };
    } finally {
      this.running -= 1;
    }
  }

  #gate(said: string): PromiseWithResolvers<void> {
    let gate = this.#gates.get(said);
    if (gate === undefined) this.#gates.set(said, (gate = Promise.withResolvers()));
    return gate;
  }
}
