import { LLMContext, type LLMMessage } from "turnwire";
import { capabilities, type SteerableService } from "./capabilities.ts";
import { isLateResult } from "../laws/context-laws.ts";
import type { Party } from "../laws/ledger.ts";
import type { SimService } from "./service.ts";
import type { Cut, Step } from "../scenario.ts";
import { tools } from "./tools.ts";
import { type TurnOwner, TurnWatch } from "../laws/turn-watch.ts";
import { heldView, type View } from "../laws/view.ts";
import type { World } from "../world/world.ts";

/** A turn that takes longer than this breaks the law `ends`. */
const turnLimitMs = 20 * 60_000;

type Say = Extract<Step, { kind: "say" }>;

/** An application with one conversation. It takes its steps one after the other. */
export class Conversation implements Party, TurnOwner {
  readonly name: string;
  readonly service: SimService;
  context = new LLMContext({ tools });
  turn: TurnWatch | undefined;
  readonly #world: World;
  readonly #steps: readonly Step[];
  #said = 0;
  #held: { messages: readonly LLMMessage[]; length: number; view: View } | undefined;

  constructor(world: World, name: string, service: SimService, steps: readonly Step[]) {
    this.#world = world;
    this.name = name;
    this.service = service;
    this.#steps = steps;
  }

  /** The conversation as the application holds it now. */
  get held(): View {
    const { messages } = this.context;
    if (this.#held?.messages !== messages || this.#held.length !== messages.length) {
      this.#held = { messages, length: messages.length, view: heldView(messages) };
    }
    return this.#held.view;
  }

  /** How many results in the conversation came after their turn had ended. */
  get lateResults(): number {
    let count = 0;
    for (const message of this.context.messages) if (isLateResult(message)) count += 1;
    return count;
  }

  async run(): Promise<void> {
    for (const step of this.#steps) {
      if (step.pauseMs > 0) await this.#world.timeline.sleep(step.pauseMs);
      this.#world.trace?.add(this.name, `step ${step.index}: ${JSON.stringify({ ...step, index: undefined })}`);
      await this.#take(step);
    }
  }

  async #take(step: Step): Promise<void> {
    const { messages } = this.context;
    switch (step.kind) {
      case "say":
        await this.#say(step);
        break;
      case "cut reply":
        this.#cutReply(step.keep);
        break;
      case "edit":
        this.#edit(step.fromEnd);
        break;
      case "truncate":
        this.context.setMessages(step.from === "end" ? messages.slice(0, -step.keep) : messages.slice(step.keep));
        break;
      case "note":
        this.context.addMessage({ role: "developer", content: `Note ${++this.#said} of ${this.name}.` });
        break;
      case "clone":
        this.context = LLMContext.fromJSON(
          JSON.parse(JSON.stringify(this.context)) as ReturnType<LLMContext["toJSON"]>,
          tools,
        );
        break;
      case "settings":
        this.service.instructions = `Be brief ${++this.#said}.`;
        this.service.llm.updateSettings({ instructions: this.service.instructions });
        break;
      case "stop":
        await this.service.stop();
        break;
      case "one-shot":
        await this.#askOnce(step.cutMs, step.seed);
        break;
      case "steer":
        await this.#steer(step);
    }
  }

  async #say({ seed, cut, appends, slowConsumerMs }: Omit<Say, "kind">): Promise<void> {
    const { timeline, laws } = this.#world;
    this.context.addMessage({ role: "user", content: `${this.name} says ${++this.#said}.` });
    const turn = new TurnWatch(this.#world, this, { seed, cut, appends, frameMs: slowConsumerMs });
    this.turn = turn;
    const tooLong = timeline.schedule(turnLimitMs, () => laws.break("ends", `${this.name}: a turn does not end`));
    if (cut?.at === "before") turn.onStart();
    let failure: Error | undefined;
    try {
      const { signal } = turn.controller;
      const { llm } = this.service;
      const frames = appends ? llm.respond(this.context, { signal }) : llm.stream(this.context, { signal });
      if (cut?.at !== "before") void Promise.resolve().then(() => turn.onStart());
      for await (const frame of frames) {
        if (turn.take(frame)) break;
        if (slowConsumerMs > 0) await timeline.sleep(slowConsumerMs);
      }
    } catch (error) {
      failure = error as Error;
    }
    tooLong.fire = undefined;
    this.turn = undefined;
    this.#world.trace?.add(
      this.name,
      failure === undefined ? "the turn is over" : `the turn failed: ${String(failure)}`,
    );
    turn.finish(failure);
  }

  async #askOnce(cutMs: number | undefined, seed: number): Promise<void> {
    const { timeline, laws, responses } = this.#world;
    this.context.addMessage({ role: "user", content: `${this.name} asks ${++this.#said}.` });
    const cut: Cut | undefined = cutMs === undefined ? undefined : { at: "time", ms: cutMs, how: "abort" };
    const turn = new TurnWatch(this.#world, this, { seed, cut, appends: false, frameMs: 0, oneShot: true });
    this.turn = turn;
    turn.onStart();
    try {
      const text = await this.service.llm.runInference(this.context, { signal: turn.controller.signal });
      const response = responses.get(turn.requests.at(-1)?.response?.id ?? "");
      if (text !== response?.text) laws.break("text", `${this.name}: runInference returned "${text}"`);
      turn.finish(undefined);
    } catch (error) {
      if (turn.isCut) turn.finish(undefined);
      else turn.finish(error);
    }
    this.turn = undefined;
    this.#world.trace?.add(this.name, `the one-shot is over at ${timeline.now}`);
  }

  async #steer({ seed, afterMs, cut }: Extract<Step, { kind: "steer" }>): Promise<void> {
    if (!capabilities.steer || !("steer" in this.service.llm)) return;
    const llm = this.service.llm as unknown as SteerableService;
    const input = `${this.name} steers ${++this.#said}.`;
    let accepted: boolean | undefined;
    const steer = async (): Promise<void> => {
      try {
        if (this.turn !== undefined) {
          await llm.steer(input);
          accepted = true;
        }
      } catch (error) {
        this.#world.trace?.add(this.name, `could not steer: ${String(error)}`);
        this.#world.laws.public("a steering error", error);
        accepted = false;
      }
    };
    this.#world.timeline.schedule(afterMs, () => void steer());
    await this.#say({ seed, cut, appends: true, slowConsumerMs: 0, index: 0, conversation: 0, pauseMs: 0 });
    const times = this.context.messages.filter((message) => "role" in message && message.content === input).length;
    if (times > 1 || (accepted === false && times > 0)) {
      this.#world.laws.break("conversation", `${this.name}: steering input is in the context ${times} times`);
    }
  }

  #edit(fromEnd: number): void {
    const { messages } = this.context;
    const own = messages.filter((message) => "role" in message && message.role === "user");
    const edited = own[own.length - 1 - fromEnd];
    const edit = (message: LLMMessage): LLMMessage =>
      message === edited && "role" in message && message.role === "user"
        ? { ...message, content: `${JSON.stringify(message.content)} Really.` }
        : message;
    this.context.setMessages(messages.map(edit));
  }

  #cutReply(keep: number): void {
    const { messages } = this.context;
    const last = messages.at(-1);
    if (last === undefined || !("role" in last) || last.role !== "assistant" || typeof last.content !== "string")
      return;
    const heard = last.content.slice(0, Math.floor(last.content.length * keep));
    const rest = messages.slice(0, -1);
    this.context.setMessages(
      heard === "" && last.tool_calls === undefined ? rest : [...rest, { ...last, content: heard }],
    );
  }
}
