import { defined, TurnwireError } from "turnwire/internal";
import {
  MemoryStore,
  type ResponseStore,
  ResponsesServer,
  type ResponsesServerOptions,
  SqliteStore,
} from "../../responses/index.ts";
import { reachable, startError } from "../shared/address.ts";
import { openToOthers, serveUntil, type Show, showOn } from "../shared/serving.ts";
import { styleFor } from "../shared/style.ts";
import type { Surroundings } from "../shared/surroundings.ts";
import { describeBrain, openBrain } from "./brain.ts";
import { serverHelp } from "./help.ts";
import { lineWriter } from "../shared/line-writer.ts";
import { type Log, openLogFile } from "./log-file.ts";
import { readServerOptions, type ServerCommandOptions } from "./options.ts";
import { entryOf } from "./request-entry.ts";
import { StopSignal } from "../shared/stop-signal.ts";
import { type ServerEvent, serverText } from "./server-text.ts";

/** Runs `turnwire server`: the embedded server in its own process, until a signal ends it. Returns the exit code. */
export async function server(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env, stdout, version } = surroundings;
  const options = readServerOptions(args, env);
  if (options.help || options.version) {
    stdout.write(options.help ? serverHelp : `${version}\n`);
    return 0;
  }
  using stop = new StopSignal();
  const show = showFor(options, surroundings);
  await using log = await openLog(options, surroundings);
  let requests = 0;
  const running = await start(options, {
    onRequest: (request) => {
      requests += 1;
      const entry = entryOf(request, Date.now());
      show(entry);
      log.line?.(JSON.stringify(entry));
    },
    onBrainError: (error) => {
      show({ type: "notice", message: `the brain failed: ${failure(error)}; the client was told server_error` });
    },
  });
  const started = [listening(running, options, version), ...openToOthers(options.host, options.apiKeys)];
  return await serveUntil<ServerEvent>(stop, {
    server: running,
    started,
    show,
    ended: () => ({ type: "closed", requests }),
    stdout,
  });
}

async function start(
  options: ServerCommandOptions,
  listeners: Required<Pick<ResponsesServerOptions, "onRequest" | "onBrainError">>,
): Promise<ResponsesServer> {
  const { port, host, allowedHosts, apiKeys, dialect, cancel, lanes, timing, tokenizer, faults } = options;
  const brain = openBrain(options);
  const store = openStore(options.store);
  try {
    return await ResponsesServer.start({
      port,
      host,
      allowedHosts,
      ...(apiKeys.length === 0 ? {} : { apiKeys }),
      brain,
      store,
      dialect,
      tokenizer,
      faultControl: faults,
      // The command does not look at them.
      keptRequests: 0,
      ...listeners,
      ...defined({ cancel }),
      ...(lanes ? {} : { lanes }),
      ...defined({ timing }),
    });
  } catch (error) {
    store.close();
    throw startError(error, options);
  }
}

function openStore(path: string | undefined): ResponseStore {
  if (path === undefined) return new MemoryStore();
  try {
    return new SqliteStore(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`--store ${path}: ${why.replace(/^store: /, "")}`, { cause });
  }
}

function showFor({ json, log }: ServerCommandOptions, { env, stdout, stderr }: Surroundings): Show<ServerEvent> {
  if (json) return showOn(stdout);
  const output = log === "-" ? stderr : stdout;
  return showOn(output, serverText(styleFor(output.isTTY, env)));
}

/** Opens what `--log` writes to. `line` is undefined without `--log`. */
async function openLog(
  { log }: ServerCommandOptions,
  { stdout, stderr }: Surroundings,
): Promise<Partial<Log> & AsyncDisposable> {
  if (log !== undefined && log !== "-") {
    return await openLogFile(log, ({ message }) => {
      stderr.write(`turnwire: --log ${log}: nothing more is written: ${message}\n`);
    });
  }
  const nothingToEnd = { [Symbol.asyncDispose]: () => Promise.resolve() };
  if (log === undefined) return nothingToEnd;
  return { line: lineWriter(stdout, true), ...nothingToEnd };
}

function listening(running: ResponsesServer, options: ServerCommandOptions, version: string): ServerEvent {
  const { host, dialect, apiKeys, faults } = options;
  const url = reachable(running.url, host);
  const wsURL = reachable(running.wsURL, host);
  const faultsURL = faults ? new URL("/_turnwire/faults", url).href : null;
  const brain = describeBrain(options);
  return { type: "listening", version, url, wsURL, faultsURL, brain, dialect, keys: apiKeys.length };
}

/** Describes a brain's error. Only turnwire's own errors and those of the system are sure to hold no text of a conversation. */
function failure(error: unknown): string {
  if (!(error instanceof Error)) return "it threw what is no error";
  return error instanceof TurnwireError || "syscall" in error ? error.message : error.name;
}
