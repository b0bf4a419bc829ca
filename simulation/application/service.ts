import {
  type LLMService,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  type InferenceRecord,
  type ResponsesConnectionPool,
} from "turnwire";
import type { SimEndpoint } from "../world/endpoint.ts";
import { simulatedFetch } from "../model/http.ts";
import { mix, Random } from "../world/random.ts";
import { secret } from "../laws/secret.ts";
import type { World } from "../world/world.ts";
import type { ScenarioOptions } from "../scenario.ts";

/** A service under test, with listeners that check its events, records and logs. */
export class SimService {
  readonly name: string;
  readonly endpoint: SimEndpoint;
  readonly llm: LLMService;
  readonly records: InferenceRecord[] = [];
  instructions: string | undefined;
  readonly #world: World;

  constructor(world: World, name: string, endpoint: SimEndpoint, pool: ResponsesConnectionPool | undefined) {
    const { scenario } = world;
    this.#world = world;
    this.name = name;
    this.endpoint = endpoint;
    const random = new Random(mix(scenario.seed, 500 + name.length));
    if (random.chance(0.5)) this.instructions = "Be brief.";
    const reasoning = { model: "gpt-5", reasoning: { effort: "low" } };
    const options: Record<string, unknown> = {
      name,
      apiKey: random.chance(0.5) ? secret : () => Promise.resolve(secret),
      baseURL: "http://simulated.test/v1",
      fetch: simulatedFetch(world, mix(scenario.seed, 600)),
      environment: { socketFactory: endpoint.socketFactory, clock: endpoint.clock, random: () => random.next() },
      logger: { debug: this.#logs("debug"), warn: this.#logs("warn") },
      ...(scenario.reasons ? reasoning : {}),
      ...(this.instructions === undefined ? {} : { instructions: this.instructions }),
    };
    this.llm =
      scenario.topology === "http"
        ? new OpenAIResponsesHttpLLMService({ ...options, ...httpOptions(scenario.options) })
        : new OpenAIResponsesLLMService({
            ...options,
            ...(pool === undefined ? scenario.options : { ...pooledOptions(scenario.options), pool }),
          });
    this.#listen();
  }

  /** Stops the service, which interrupts all its turns. */
  async stop(): Promise<void> {
    this.#world.trace?.add(this.name, "stop()");
    for (const { service, turn } of this.#world.conversations) if (service === this) turn?.onStop();
    await this.llm.stop();
  }

  #listen(): void {
    const { laws, stats } = this.#world;
    this.llm.on("inference", (record) => {
      this.records.push(record);
      laws.public("a record", record);
      const mode = `${record.transport} ${record.mode}`;
      stats.modes[mode] = (stats.modes[mode] ?? 0) + 1;
      stats.bytesFull += record.bytesFull;
      this.#world.trace?.add(this.name, `record ${JSON.stringify(record)}`);
      this.#check(record);
    });
    this.llm.on("connectionError", (error) => laws.public("a connectionError event", error));
    this.llm.on("disconnected", (error) => laws.public("a disconnected event", error));
  }

  #check({ responseId, interrupted, error, characters, times }: InferenceRecord): void {
    const { laws, responses } = this.#world;
    const response = responseId === undefined ? undefined : responses.get(responseId);
    if (interrupted || error !== undefined) return;
    if (response === undefined) laws.break("records", "a complete turn's record names no response");
    else if (characters < response.text.length && response.request.turn?.isCut !== true) {
      laws.break("records", `the record says ${characters} characters, ${response.id} has ${response.text.length}`);
    }
    if (Object.values(times).some((ms) => !(ms >= 0))) laws.break("records", `times of ${JSON.stringify(times)}`);
  }

  #logs(level: "debug" | "warn"): (message: string, details?: Record<string, unknown>) => void {
    return (message, details) => {
      this.#world.laws.public("a log", [message, details]);
      this.#world.trace?.add(this.name, `${level}: ${message} ${details === undefined ? "" : inspect(details)}`);
    };
  }
}

function inspect(details: Record<string, unknown>): string {
  return Object.entries(details)
    .map(([field, value]) => `${field}=${String(value)}`)
    .join(" ");
}

/** The options that a service over HTTP has, too. */
function httpOptions({ timeouts, ...options }: ScenarioOptions): Record<string, unknown> {
  const { retryOnTimeout, runInParallel, onConnectionLost } = options;
  const { connectMs: _, closeMs: __, drainMs: ___, ...limits } = timeouts;
  return { retryOnTimeout, runInParallel, onConnectionLost, timeouts: limits };
}

/** The options that a service in a pool has, too: the pool decides about its connections. */
function pooledOptions(options: ScenarioOptions): Omit<ScenarioOptions, "standby" | "maxConnectionAgeMs"> {
  const { standby: _, maxConnectionAgeMs: __, ...pooled } = options;
  return pooled;
}
