import { setImmediate as turnOfLoop } from "node:timers/promises";
import { ResponsesConnectionPool } from "turnwire";
import { Conversation } from "../application/application.ts";
import { capabilities } from "../application/capabilities.ts";
import type { SimEndpoint } from "../world/endpoint.ts";
import type { Breach } from "../laws/laws.ts";
import { generate, type Scenario } from "../scenario.ts";
import { SimService } from "../application/service.ts";
import type { Stats } from "./stats.ts";
import { setToolHost } from "../application/tools.ts";
import { World } from "../world/world.ts";

export interface Outcome {
  breaches: readonly Breach[];
  stats: Stats;
  trace: readonly string[];
}

let current: World | undefined;

process.on("unhandledRejection", (reason) => {
  current?.laws.break("rejection", `unhandled: ${String(reason)}`);
});

const realSetTimeout = globalThis.setTimeout;
globalThis.setTimeout = ((callback: () => void, ms?: number) => {
  current?.laws.break("rejection", `a timer of ${ms} ms was set on the real clock`);
  return realSetTimeout(callback, ms);
}) as typeof setTimeout;

/** The scenario of a seed. `keep` limits it to the steps with these numbers. */
export function scenarioOf(seed: number, keep?: readonly number[]): Scenario {
  const scenario = generate(seed, capabilities);
  if (keep !== undefined) scenario.steps = scenario.steps.filter(({ index }) => keep.includes(index));
  return scenario;
}

/** Runs one scenario. Returns the laws that it broke. */
export async function run(scenario: Scenario, options: { trace: boolean } = { trace: false }): Promise<Outcome> {
  const world = new World(scenario, options);
  current = world;
  const { laws, stats, timeline } = world;
  world.trace?.add("scenario", JSON.stringify({ ...scenario, steps: scenario.steps.length }));
  const toolRuns = new Set<string>();
  setToolHost((name, args, callId, signal) => runTool(world, toolRuns, name, args, callId, signal));
  const application = new Application(world);
  let done = false;
  application.run().then(
    () => (done = true),
    (error: unknown) => {
      laws.break("ends", `the application failed: ${error instanceof Error ? String(error.stack) : String(error)}`);
      done = true;
    },
  );
  const end = await timeline.run(() => done || laws.breaches.length > 20);
  if (end !== "done") laws.break("ends", `${end}, with turns under way: ${application.unfinished}`);
  else if (laws.breaches.length === 0) application.checkStopped();
  await turnOfLoop();
  stats.seeds = 1;
  stats.tools = toolRuns.size;
  for (const { sockets } of world.endpoints) stats.sockets += sockets.length;
  return { breaches: laws.breaches, stats, trace: world.trace?.lines ?? [] };
}

class Application {
  readonly #world: World;
  readonly #services: SimService[] = [];
  readonly #conversations: Conversation[] = [];
  readonly #pool: ResponsesConnectionPool | undefined;

  constructor(world: World) {
    const { scenario } = world;
    this.#world = world;
    let shared: SimEndpoint | undefined;
    if (scenario.topology === "pool") {
      shared = world.newEndpoint("pool");
      const { clock } = shared;
      const { timeouts, maxConnectionAgeMs } = scenario.options;
      const limits = {
        timeouts: { drainMs: timeouts.drainMs ?? 1000 },
        ...(maxConnectionAgeMs && { maxConnectionAgeMs }),
      };
      this.#pool = new ResponsesConnectionPool({ ...limits, environment: { clock } });
    }
    const oneService = scenario.topology === "shared" || scenario.topology === "http";
    for (let index = 0; index < scenario.conversations; index += 1) {
      if (index === 0 || !oneService) {
        const name = `llm${index}`;
        this.#services.push(new SimService(world, name, shared ?? world.newEndpoint(name), this.#pool));
      }
      const steps = scenario.steps.filter(({ conversation }) => conversation === index);
      const name = String.fromCodePoint(65 + index);
      const conversation = new Conversation(world, name, this.#services.at(-1)!, steps);
      this.#conversations.push(conversation);
      world.conversations.push(conversation);
    }
  }

  get unfinished(): string {
    const turns = this.#world.conversations.filter(({ turn }) => turn !== undefined);
    return turns.map(({ name }) => name).join(", ") || "none";
  }

  async run(): Promise<void> {
    await Promise.all(this.#conversations.map((conversation) => conversation.run()));
    for (const service of this.#services) await service.stop();
    await this.#pool?.close();
    // A callback that stop() leaves may run in the same moment, but not later.
    await this.#world.timeline.sleep(0);
  }

  checkStopped(): void {
    const { laws, endpoints } = this.#world;
    for (const { name, openSockets, clock } of endpoints) {
      if (openSockets.length > 0)
        laws.break("stop", `${name}: ${openSockets.map((socket) => socket.name).join(", ")} are open`);
      if (clock.pending > 0) laws.break("stop", `${name}: ${clock.pending} timers are pending`);
    }
  }
}

async function runTool(
  world: World,
  runs: Set<string>,
  name: string,
  args: unknown,
  callId: string,
  signal: AbortSignal,
): Promise<string> {
  const { laws, responses, timeline } = world;
  world.trace?.add("tool", `${name} ${callId} runs with ${JSON.stringify(args)}`);
  const response = responses.get(callId.split("_")[1] ?? "");
  const call = response?.calls.find((one) => one.callId === callId);
  const n = (args as { n?: unknown } | null)?.n;
  if (typeof n !== "number" || call?.valid !== true)
    laws.break("arguments", `${name} was run on ${JSON.stringify(args)}`);
  if (runs.has(callId)) laws.break("calls", `${callId} was run twice`);
  runs.add(callId);
  response?.request.turn?.onTool();
  if (name === "fails") throw new Error("the tool failed");
  if (name === "slow" || name === "keep") await timeline.sleep(Number(n));
  if (signal.aborted) return "too late";
  return `${name} of ${callId}`;
}
