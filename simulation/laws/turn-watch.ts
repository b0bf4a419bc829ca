import {
  type Frame,
  type FunctionCall,
  FunctionCallsStartedFrame,
  type LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  LostAfterOutputError,
} from "turnwire";
import { checkMessages } from "./context-laws.ts";
import type { Excuse, Fields, LiveTurn, Match, ModelResponse, Request } from "./ledger.ts";
import type { LawName } from "./laws.ts";
import type { Cut } from "../scenario.ts";
import { resumedText, type View, withoutLateResults } from "./view.ts";
import type { World } from "../world/world.ts";

interface Inference {
  number: number;
  delivered: string;
  calls: readonly FunctionCall[];
  end: LLMFullResponseEndFrame | undefined;
}

/** The owner of a turn. */
export interface TurnOwner {
  readonly name: string;
  readonly context: LLMContext;
  /** The conversation as the application holds it now. */
  readonly held: View;
  /** How many results in the conversation came after their turn had ended. */
  readonly lateResults: number;
  readonly turn: LiveTurn | undefined;
  readonly service: { readonly instructions: string | undefined; stop(): Promise<void> };
}

export interface TurnOptions {
  seed: number;
  cut: Cut | undefined;
  /** Whether the turn adds its messages to the context. */
  appends: boolean;
  /** How long the application takes over each frame. */
  frameMs: number;
  /** Whether the inference stands outside of the conversation (`runInference`), without tools. */
  oneShot?: boolean;
}

/** Watches one turn of a conversation: interrupts it where the scenario says so, and checks the result. */
export class TurnWatch implements LiveTurn {
  readonly controller = new AbortController();
  readonly requests: Request[] = [];
  readonly excuses: Excuse[] = [];
  readonly seed: number;
  /** The instructions that the service had when the turn began. */
  readonly #instructions: string | undefined;
  readonly #world: World;
  readonly #conversation: TurnOwner;
  readonly #options: TurnOptions;
  readonly #inferences: Inference[] = [];
  readonly #startedMs: number;
  readonly #firstMessage: number;
  readonly #lateBefore: number;
  #events = 0;
  #frames = 0;
  /** How many inferences are over. The next one begins when the application has taken all frames of the previous one. */
  #ended = 0;
  #framesAfterCut = 0;
  #cutAtMs: number | undefined;
  #left = false;

  constructor(world: World, conversation: TurnOwner, options: TurnOptions) {
    this.#world = world;
    this.#conversation = conversation;
    this.#options = options;
    this.seed = options.seed;
    this.#startedMs = world.timeline.now;
    this.#firstMessage = conversation.context.messages.length;
    this.#lateBefore = conversation.lateResults;
    this.#instructions = conversation.service.instructions;
  }

  get isCut(): boolean {
    return this.#cutAtMs !== undefined;
  }

  get inferences(): number {
    return this.#inferences.length;
  }

  /** How a view fits the conversation that the application holds; undefined if it does not. */
  match(view: View): Match | undefined {
    const { held, lateResults } = this.#conversation;
    const inference = this.#ended;
    // A late result may have arrived since the client built the request.
    const fits =
      held.text === view.text ||
      (lateResults > this.#lateBefore && withoutLateResults(held) === withoutLateResults(view));
    if (fits) return { turn: this, inference, resumes: undefined };
    if (this.#world.scenario.options.onConnectionLost !== "resume") return undefined;
    const resumes = resumedText(view, held);
    return resumes === undefined ? undefined : { turn: this, inference, resumes };
  }

  heldText(): string {
    return this.#conversation.held.text;
  }

  checkFields(fields: Fields): void {
    const tools = Array.isArray(fields["tools"]) ? fields["tools"].length : 0;
    const expected = this.#options.oneShot === true ? 0 : this.#conversation.context.tools.length;
    if (tools !== expected) this.#break("conversation", `${tools} tools were sent`);
    const { instructions } = fields;
    if (instructions !== this.#instructions && instructions !== this.#conversation.service.instructions) {
      this.#break("conversation", `the instructions were ${String(instructions)}`);
    }
  }

  // Where the scenario interrupts the turn.

  onStart(): void {
    const { cut } = this.#options;
    if (cut?.at === "before" || cut?.at === "start") this.#cut(cut.how);
    else if (cut?.at === "time") this.#world.timeline.schedule(cut.ms, () => this.#cut(cut.how));
  }

  onSent(): void {
    const { cut } = this.#options;
    if (cut?.at !== "sent") return;
    if (cut.ms === 0) this.#cut(cut.how);
    else this.#world.timeline.schedule(cut.ms, () => this.#cut(cut.how));
  }

  /** Called when an event of one of the turn's responses reaches the client: just before the client reads it, or just after. */
  onEvent(after: boolean): void {
    const { cut } = this.#options;
    if (cut?.at === "event" && cut.after === after && cut.count === this.#events) this.#cut(cut.how);
    if (after) this.#events += 1;
  }

  onTool(): void {
    const { cut } = this.#options;
    if (cut?.at === "tool") this.#world.timeline.schedule(cut.ms, () => this.#cut(cut.how));
  }

  /** Called when the service stops, which interrupts its turns. */
  onStop(): void {
    if (this.#options.oneShot === true) this.excuses.push({ what: "the service was stopped", weight: () => 2 });
    else this.#cutAtMs ??= this.#world.timeline.now;
  }

  /** Takes a frame. Returns whether the application leaves the loop now. */
  take(frame: Frame): boolean {
    this.#frames += 1;
    if (this.isCut) this.#framesAfterCut += 1;
    const current = this.#inferences.at(-1);
    const open = current?.end === undefined ? current : undefined;
    if (frame instanceof LLMFullResponseStartFrame) {
      if (open !== undefined) this.#break("frames", "a start frame within an inference");
      this.#inferences.push({ number: this.#ended, delivered: "", calls: [], end: undefined });
    } else if (frame instanceof LLMFullResponseEndFrame) {
      if (open === undefined) this.#break("frames", "an end frame outside of an inference");
      else open.end = frame;
      this.#ended += 1;
    } else if (frame instanceof LLMTextFrame) {
      if (open === undefined) this.#break("frames", "text outside of an inference");
      else open.delivered += frame.text;
    } else if (frame instanceof FunctionCallsStartedFrame && open !== undefined) {
      open.calls = frame.functionCalls;
    }
    const { cut } = this.#options;
    if (cut?.at !== "frame" || cut.count !== this.#frames) return false;
    if (cut.how === "leave") this.#left = true;
    this.#cut(cut.how === "leave" ? undefined : cut.how);
    return this.#left;
  }

  /** Checks the turn after it ended, with or without an error. */
  finish(error: unknown): void {
    const { stats, timeline, laws } = this.#world;
    stats.turns += 1;
    stats.inferences += this.#inferences.length;
    if (this.isCut) stats.interruptions += 1;
    const slackMs = this.#options.frameMs * (this.#framesAfterCut + 1);
    if (this.#cutAtMs !== undefined && timeline.now - this.#cutAtMs > slackMs) {
      this.#break("ends", `it ended ${timeline.now - this.#cutAtMs} ms after it was interrupted`);
    }
    for (const [index, inference] of this.#inferences.entries()) {
      this.#check(inference, index === this.#inferences.length - 1 ? error : undefined);
    }
    if (error !== undefined) {
      stats.failures += 1;
      laws.public("an error", error);
      this.#checkCause(error);
    }
    if (this.#options.appends) {
      const messages = this.#conversation.context.messages.slice(this.#firstMessage);
      const delivered = this.#inferences.map((inference) => inference.delivered).join("");
      checkMessages(messages, delivered, (law, what) => this.#break(law, what));
    }
  }

  #cut(how: "abort" | "stop" | undefined): void {
    if (this.#cutAtMs !== undefined || this.#conversation.turn !== this) return;
    this.#cutAtMs = this.#world.timeline.now;
    this.#world.trace?.add(this.#conversation.name, `interrupts (${how ?? "leaves the loop"})`);
    if (how === "abort") this.controller.abort();
    else if (how === "stop") void this.#conversation.service.stop();
  }

  #check(inference: Inference, error: unknown): void {
    const { end, delivered } = inference;
    if (end === undefined) {
      if (!this.#left) this.#break("frames", "no end frame");
    } else if (end.interrupted && !this.isCut) {
      this.#break("ends", "it ended as interrupted, but the application did not interrupt it");
    }
    const requests = this.requests.filter((request) => request.inference === inference.number);
    // An interruption drops the frames that the application has not taken, even of a complete answer.
    const isComplete = end !== undefined && !end.interrupted && error === undefined && !this.isCut;
    const last = requests.at(-1);
    const resumed = last?.resumes ?? "";
    const first = delivered === "" || resumed !== "" ? last?.response : this.#speaker(delivered, requests);
    if (resumed !== "" && !this.#world.wasSaid(resumed)) this.#break("text", `"${resumed}" was said by no response`);
    if (first === undefined) {
      if (isComplete) this.#break("text", "it ended as complete, without a response");
      return;
    }
    this.#checkText(inference, resumed, first, isComplete);
    if (delivered !== "" && last !== first.request && first.successor === undefined) {
      this.#break("replay", `the request of ${first.id} was made again after its text was delivered`);
    }
    if (error instanceof LostAfterOutputError && error.deliveredCharacters !== delivered.length && !this.isCut) {
      this.#break("text", `the error says ${error.deliveredCharacters} characters, ${delivered.length} were delivered`);
    }
  }

  /** The response whose text begins with `delivered`, or the response before it that was steered. */
  #speaker(delivered: string, requests: readonly Request[]): ModelResponse | undefined {
    let response = this.#world.speakerOf(delivered);
    while (response?.predecessor !== undefined) response = response.predecessor;
    if (response !== undefined && requests.includes(response.request)) return response;
    const own = requests.map((request) => request.response?.id ?? "none").join(", ");
    this.#break("stale text", `"${delivered}" in a turn whose responses are ${own || "none"}`);
    return undefined;
  }

  #checkText({ delivered, end, calls }: Inference, resumed: string, first: ModelResponse, isComplete: boolean): void {
    let text = resumed + first.text;
    let last = first;
    while (last.successor !== undefined) {
      last = last.successor;
      text += last.text;
    }
    if (!text.startsWith(delivered)) this.#break("text", `"${delivered}" was delivered of "${text}"`);
    if (!isComplete) return;
    if (delivered !== text) this.#break("text", `of "${text}" only "${delivered}" was delivered, without an error`);
    if (last.ending !== "completed" && last.ending !== "incomplete") {
      this.#break("text", `${last.id} ended as ${String(last.ending)}, the turn as complete`);
    } else if (end?.incompleteReason !== last.incompleteReason) {
      const { incompleteReason } = last;
      this.#break(
        "text",
        `the end frame says ${String(end?.incompleteReason)}, the server ${String(incompleteReason)}`,
      );
    }
    const said = calls.map((call) => `${call.toolCallId} ${call.functionName} ${call.arguments}`).join("; ");
    const meant = last.calls.map((call) => `${call.callId} ${call.name} ${call.arguments}`).join("; ");
    if (said !== meant) this.#break("calls", `the model called ${meant || "nothing"}, the turn ${said || "nothing"}`);
  }

  #checkCause(error: unknown): void {
    // runInference throws its caller the AbortError of the caller's own interruption.
    if (this.#options.oneShot === true && error instanceof DOMException && error.name === "AbortError") return;
    this.#addWaits();
    let weight = 0;
    for (const excuse of this.excuses) weight += excuse.weight();
    if (weight >= 2) return;
    const excuses = this.excuses.map((excuse) => `${excuse.what} (${excuse.weight()})`).join("; ") || "nothing";
    this.#break("cause", `it failed with ${String(error)}; its faults: ${excuses}`);
  }

  /** Adds an excuse for each answer that took longer than the service waits. */
  #addWaits(): void {
    const { options } = this.#world.scenario;
    const { outputMs = 5000, idleMs = Infinity } = options.timeouts;
    const firstEventMs = Math.min(options.timeouts.firstEventMs ?? 60_000, idleMs);
    for (const { sentAtMs, overAtMs } of this.requests) {
      const waitedMs = (overAtMs ?? this.#world.timeline.now) - sentAtMs;
      if (waitedMs >= firstEventMs) this.excuses.push({ what: "a slow answer", weight: () => 2 });
      else if (options.retryOnTimeout === true && waitedMs >= outputMs) {
        this.excuses.push({ what: "a slow answer", weight: () => 1 });
      }
    }
  }

  #break(law: LawName, what: string): void {
    this.#world.laws.break(law, `${this.#conversation.name}, turn from ${this.#startedMs.toFixed(0)} ms: ${what}`);
  }
}
