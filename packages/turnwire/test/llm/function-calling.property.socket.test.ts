import * as fc from "fast-check";
import {
  defineTool,
  type Frame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  type FunctionTool,
  LLMContext,
  type LLMMessage,
} from "turnwire";
import type { Brain, BrainOutput } from "@turnwire/server";
import { expect, it } from "vitest";
import { z } from "zod";
import { bracketFlaws, contextOf, fired, flawsOf, say, settle, textOf, until, VirtualClock } from "@turnwire/test-kit";
import { call, text } from "../support/brains.ts";
import { setup } from "../support/setup.ts";
import { startTalk } from "../support/talk.ts";

const kinds = [
  "fine",
  "slow",
  "throws",
  "unsayable",
  "unknown",
  "no JSON",
  "wrong shape",
  "hangs",
  "obeys",
  "quiet",
  "goes on",
  "goes on quietly",
  "registered",
] as const;
type Kind = (typeof kinds)[number];

/** The rounds of calls the model makes in one turn. */
type Rounds = ReadonlyArray<readonly Kind[]>;

const rounds = fc.array(fc.array(fc.constantFrom(...kinds, "goes on" as const), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
});

const functionOf = (kind: Kind): string => kind.replaceAll(" ", "_");

/** The functions that were executed, and their arguments. */
class World {
  readonly ran: string[] = [];
  readonly badArguments: unknown[] = [];
  readonly tools: FunctionTool[];
  readonly #released = Promise.withResolvers<void>();

  constructor() {
    this.tools = kinds.filter((kind) => kind !== "unknown" && kind !== "registered").map((kind) => this.#tool(kind));
  }

  /** Lets the functions finish that go on past an interruption. */
  release(): void {
    this.#released.resolve();
  }

  /** Notes that a call runs. */
  run(args: unknown, toolCallId: string): void {
    this.ran.push(toolCallId);
    if (!Number.isInteger((args as { n?: unknown }).n)) this.badArguments.push(args);
  }

  #tool(kind: Kind): FunctionTool {
    const options = {
      name: functionOf(kind),
      timeoutMs: kind.startsWith("goes on") ? 1_000_000 : 40,
      cancelOnInterruption: !kind.startsWith("goes on"),
      runLLM: kind !== "quiet" && kind !== "goes on quietly",
    };
    const execute = async (args: unknown, params: { toolCallId: string; signal: AbortSignal }): Promise<unknown> => {
      this.run(args, params.toolCallId);
      return this.#behave(kind, params.signal);
    };
    if (kind === "throws" || kind === "slow") {
      return defineTool({ ...options, parameters: z.object({ n: z.number().int() }), execute });
    }
    const parameters = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    return defineTool({ ...options, parameters, execute });
  }

  async #behave(kind: Kind, signal: AbortSignal): Promise<unknown> {
    if (kind === "slow") for (let count = 0; count < 5; count += 1) await settle();
    if (kind === "throws") throw new Error("broken");
    if (kind === "unsayable") throw Object.create(null);
    if (kind === "hangs") await new Promise(() => undefined);
    if (kind === "obeys") await fired(signal);
    if (kind.startsWith("goes on")) await this.#released.promise;
    return "done";
  }
}

function callOf(kind: Kind, callId: string): BrainOutput {
  const args = kind === "no JSON" ? '{"n": 1' : kind === "wrong shape" ? { n: "1" } : { n: 1 };
  return call(functionOf(kind), args, callId);
}

/** Makes the rounds of calls when it is told to go, and says "Done." then; says "Heard." to all else. */
function playing(all: Rounds): Brain {
  let round = 0;
  return function* ({ conversation }) {
    const last = conversation.findLast((item) => "role" in item && item.role === "user");
    if (last === undefined || !("content" in last) || last.content !== "Go") return yield text("Heard.");
    const kinds = all[round];
    round += 1;
    yield text(kinds === undefined ? "Done." : "Calling. ");
    for (const [index, kind] of (kinds ?? []).entries()) yield callOf(kind, `c${round}_${index}`);
  };
}

const contentOf = (message: LLMMessage): string =>
  "content" in message && typeof message.content === "string" ? message.content : "";

/** The calls whose output says that they are running still, and those a later message tells of. */
function goingOn(context: LLMContext): { running: string[]; told: string[] } {
  const running: string[] = [];
  const told: string[] = [];
  for (const message of context.messages) {
    if (!("role" in message)) continue;
    if (message.role === "tool" && contentOf(message).includes('"running"')) running.push(message.tool_call_id);
    if (message.role === "developer") told.push(/call (c\d+_\d+)\) has finished/.exec(contentOf(message))?.[1] ?? "?");
  }
  return { running: running.toSorted(), told: told.toSorted() };
}

/** The output that each call has to have when nothing interrupted. */
const expected: Readonly<Record<Kind, RegExp>> = {
  fine: /^done$/,
  slow: /^done$/,
  throws: /broken/,
  unsayable: /error/,
  unknown: /no function called unknown/,
  "no JSON": /not valid JSON/,
  "wrong shape": /do not fit/,
  hangs: /longer than 40 ms/,
  obeys: /longer than 40 ms/,
  quiet: /^done$/,
  "goes on": /^done$/,
  "goes on quietly": /^done$/,
  registered: /^done$/,
};

function checkOutputs(context: LLMContext, all: Rounds): void {
  for (const message of context.messages) {
    if (!("role" in message) || message.role !== "tool") continue;
    const [round, index] = message.tool_call_id.slice(1).split("_").map(Number);
    expect(contentOf(message)).toMatch(expected[all[round! - 1]![index!]!]);
  }
}

/** Lets virtual time pass by a millisecond at every turn of the event loop, until it is disposed of. */
function pump(clock: VirtualClock): Disposable {
  const stop = new AbortController();
  void (async () => {
    while (!stop.signal.aborted) await clock.advance(1);
  })();
  return { [Symbol.dispose]: () => stop.abort() };
}

it("gives every call exactly one output, whatever happens: in direct use", async () => {
  await fc.assert(
    fc.asyncProperty(
      rounds,
      fc.boolean(),
      fc.record({
        how: fc.constantFrom("none" as const, "signal" as const, "break" as const, "stop" as const),
        frame: fc.nat(20),
        loopTurns: fc.nat(8),
      }),
      fc.nat(60),
      async (all, runInParallel, cut, releaseMs) => {
        const clock = new VirtualClock();
        using _pump = pump(clock);
        const world = new World();
        await using service = await setup({ brain: playing(all) }, { environment: { clock }, runInParallel });
        const { llm, server, logger } = service;
        llm.registerFunction("registered", (args, { toolCallId }) => {
          world.run(args, toolCallId);
          return "done";
        });
        const cancelled: string[] = [];
        llm.on("functionCallsCancelled", (calls) => void cancelled.push(...calls.map(({ toolCallId }) => toolCallId)));
        const context = contextOf("Go", { tools: world.tools });
        const controller = new AbortController();
        const frames: Frame[] = [];
        clock.schedule(() => world.release(), releaseMs);
        for await (const frame of llm.respond(context, { signal: controller.signal })) {
          frames.push(frame);
          if (cut.how === "none" || frames.length !== cut.frame) continue;
          for (let count = 0; count < cut.loopTurns; count += 1) await settle();
          if (cut.how === "break") break;
          if (cut.how === "signal") controller.abort();
          else await llm.stop();
        }
        expect(flawsOf(context)).toEqual([]);
        if (cut.how === "none") {
          expect(bracketFlaws(frames)).toEqual([]);
          expect(cancelled).toEqual([]);
          checkOutputs(context, all);
        }
        world.release();
        await settle();
        const { running, told } = goingOn(context);
        expect(told).toEqual(running);
        expect(flawsOf(context)).toEqual([]);

        expect(await say(llm, context, "Next")).toBe("Heard.");
        expect(flawsOf(context)).toEqual([]);
        const outputs = context.messages.filter((message) => "role" in message && message.role === "tool");
        const asGiven = server.requests.at(-1)!.conversation.filter((item) => item.type === "function_call_output");
        expect(asGiven.map(({ output }) => output)).toEqual(outputs.map(contentOf));
        expect(server.requests.filter(({ status }) => status === "rejected" || status === "failed")).toEqual([]);
        expect(world.badArguments).toEqual([]);
        expect(world.ran.toSorted()).toEqual([...new Set(world.ran)].toSorted());
        expect(logger.warnings).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});

it("gives every call exactly one output, whatever happens: in a pipeline", async () => {
  await fc.assert(
    fc.asyncProperty(
      rounds,
      fc.boolean(),
      fc.option(fc.record({ frame: fc.nat(20), loopTurns: fc.nat(8) }), { nil: undefined }),
      fc.nat(60),
      async (given, runInParallel, cut, releaseMs) => {
        // The model has to be asked again after every round.
        const all = given.map((kinds) => [...kinds, "fine" as const]);
        const clock = new VirtualClock();
        using _pump = pump(clock);
        const world = new World();
        clock.schedule(() => world.release(), releaseMs);
        const context = new LLMContext({ tools: world.tools });
        let count = 0;
        await using talk = await startTalk({
          server: { brain: playing(all) },
          llm: { environment: { clock }, runInParallel },
          context,
          onFrame: (_frame, { say }) => {
            count += 1;
            if (cut !== undefined && count === cut.frame + 1) void sayLater(cut.loopTurns, say);
          },
        });
        let interrupted = false;
        const sayLater = async (loopTurns: number, say: (text: string) => Promise<void>): Promise<void> => {
          for (let turns = 0; turns < loopTurns; turns += 1) await settle();
          interrupted = true;
          await say("Stop");
        };
        talk.llm.registerFunction("registered", (args, { toolCallId }) => {
          world.run(args, toolCallId);
          return "done";
        });
        await talk.say("Go");
        await until(() => /Done\.|Heard\./.test(textOf(talk.out)));
        // A function that goes on is reported with another inference.
        const idle = new Quiet();
        await until(() => idle.after(100, count));
        expect(flawsOf(context)).toEqual([]);
        const { running, told } = goingOn(context);
        expect(running.every((id) => told.includes(id))).toBe(true);
        expect(told).toEqual([...new Set(told)]);
        if (!interrupted) checkOutputs(context, all);

        const before = textOf(talk.out).length;
        await talk.say("Next");
        await until(() => textOf(talk.out).slice(before).includes("Heard."));
        await until(() => idle.after(20, count));
        expect(flawsOf(context)).toEqual([]);
        expect(bracketFlaws(talk.out)).toEqual([]);
        expect(talk.errors).toEqual([]);
        expect(talk.server.requests.filter(({ status }) => status === "rejected" || status === "failed")).toEqual([]);
        expect(world.badArguments).toEqual([]);
        expect(world.ran.toSorted()).toEqual([...new Set(world.ran)].toSorted());
        const results = talk.out.filter((frame) => frame instanceof FunctionCallResultFrame);
        const begun = talk.out.filter((frame) => frame instanceof FunctionCallInProgressFrame);
        expect(new Set(results.map((frame) => frame.functionCall.toolCallId)).size).toBe(results.length);
        expect(new Set(begun.map((frame) => frame.functionCall.toolCallId)).size).toBe(begun.length);
        expect(talk.logger.warnings).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

/** Whether nothing has happened for some turns of the event loop. */
class Quiet {
  #count = -1;
  #turns = 0;

  after(turns: number, count: number): boolean {
    this.#turns = count === this.#count ? this.#turns + 1 : 0;
    this.#count = count;
    return this.#turns >= turns;
  }
}
