import type { OpenAI } from "openai";
import { onAbort } from "turnwire/internal";
import type { Fields, Request } from "../ledger.ts";
import { Random } from "../random.ts";
import { SimulatedHttpError } from "./errors.ts";
import type { ServerHost } from "./host.ts";
import { type ScriptLine, writeScript } from "./script.ts";

class APIUserAbortError extends Error {}
class APIConnectionError extends Error {}

type Event = Record<string, unknown>;

/** The same server over HTTP, in the shape of the part of the `openai` package's client that turnwire uses. */
export function httpClient(host: ServerHost, seed: number): OpenAI {
  const random = new Random(seed);
  const create = (fields: Fields, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> =>
    answer(host, random, fields, signal);
  return { responses: { create } } as unknown as OpenAI;
}

async function answer(
  host: ServerHost,
  random: Random,
  fields: Fields,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (signal?.aborted) throw new APIUserAbortError("Request was aborted.");
  const { stream, ...rest } = fields;
  const request = host.requested(rest);
  const { reply } = request;
  request.turn?.onSent();
  await pause(host, host.scenario.network.oneWayMs * 2 + random.int(5) + reply.firstMs, signal);
  if (reply.fault?.kind === "refused") {
    host.httpFailed(request);
    throw new SimulatedHttpError(reply.fault.error);
  }
  const response = host.newResponse(request);
  const lines = writeScript(response, reply, {});
  response.after = request.view.withItems(response.output);
  if (stream === true) return events(host, request, lines, signal);
  request.overAtMs = host.timeline.now;
  if (reply.fault === undefined) return { output_text: response.text };
  host.httpFailed(request);
  throw new APIConnectionError("Connection error.");
}

async function* events(
  host: ServerHost,
  request: Request,
  lines: readonly ScriptLine[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void, undefined> {
  const { reply } = request;
  for (const [index, line] of lines.entries()) {
    if (index > 0 && index % reply.together === 0) await pause(host, reply.gapMs, signal);
    if (signal?.aborted) throw new APIUserAbortError("Request was aborted.");
    if (line.kind === "raw") continue;
    if (line.kind === "closed" || line.kind === "half-open") {
      host.httpFailed(request);
      if (line.kind === "half-open") await pause(host, 90_000, signal);
      // Some proxies end the stream normally when the connection behind them breaks.
      if (line.kind === "closed" && line.code > 1005) return;
      throw new TypeError("terminated");
    }
    if (line.role === "output" && request.response !== undefined) request.response.outputArrived = true;
    if (line.role === "end") request.overAtMs = host.timeline.now;
    host.trace?.add("http", `← ${JSON.stringify(line.event)}`);
    request.turn?.onEvent(false);
    yield line.event;
    request.turn?.onEvent(true);
  }
}

function pause(host: ServerHost, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry = host.timeline.schedule(ms, () => {
      removeListener();
      resolve();
    });
    const removeListener = onAbort(signal, () => {
      entry.fire = undefined;
      reject(new APIUserAbortError("Request was aborted."));
    });
  });
}
