import { onAbort } from "turnwire/internal";
import type { Fields, Request } from "../laws/ledger.ts";
import { Random } from "../world/random.ts";
import type { ServerError } from "./errors.ts";
import type { ServerHost } from "./host.ts";
import { type ScriptLine, writeScript } from "./script.ts";

/** The same server over HTTP, as the `fetch` that a service is given. */
export function simulatedFetch(host: ServerHost, seed: number): typeof fetch {
  const random = new Random(seed);
  return (_, init) => {
    const { body } = init ?? {};
    if (typeof body !== "string") throw new TypeError("a request's body is JSON text");
    const fields = JSON.parse(body) as Fields;
    return answer(host, random, fields, init?.signal ?? undefined);
  };
}

async function answer(
  host: ServerHost,
  random: Random,
  fields: Fields,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  const { stream, ...rest } = fields;
  const request = host.requested(rest);
  const { reply } = request;
  request.turn?.onSent();
  await pause(host, host.scenario.network.oneWayMs * 2 + random.int(5) + reply.firstMs, signal);
  if (reply.fault?.kind === "refused") {
    host.httpFailed(request);
    return refusal(reply.fault.error);
  }
  const response = host.newResponse(request);
  const lines = writeScript(response, reply, {});
  response.after = request.view.withItems(response.output);
  if (stream === true) {
    const body = ReadableStream.from(events(host, request, lines, signal));
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }
  request.overAtMs = host.timeline.now;
  if (reply.fault === undefined) return Response.json({ id: response.id, output: response.output });
  host.httpFailed(request);
  throw new TypeError("fetch failed");
}

function refusal({ code, status, message, param, retryAfterS }: ServerError): Response {
  const headers = new Headers(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) });
  return Response.json({ error: { code, message, param } }, { status, headers });
}

async function* events(
  host: ServerHost,
  request: Request,
  lines: readonly ScriptLine[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { reply } = request;
  const encoder = new TextEncoder();
  for (const [index, line] of lines.entries()) {
    if (index > 0 && index % reply.together === 0) await pause(host, reply.gapMs, signal);
    signal?.throwIfAborted();
    if (line.kind === "raw") continue;
    if (line.kind === "closed" || line.kind === "half-open") {
      host.httpFailed(request);
      if (line.kind === "half-open") await pause(host, 90_000, signal);
      // Some proxies end the stream normally when the connection to the server breaks.
      if (line.kind === "closed" && line.code > 1005) return;
      throw new TypeError("terminated");
    }
    if (line.role === "output" && request.response !== undefined) request.response.outputArrived = true;
    if (line.role === "end") request.overAtMs = host.timeline.now;
    host.trace?.add("http", `← ${JSON.stringify(line.event)}`);
    request.turn?.onEvent(false);
    yield encoder.encode(`data: ${JSON.stringify(line.event)}\n\n`);
    request.turn?.onEvent(true);
  }
}

function pause(host: ServerHost, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry = host.timeline.schedule(ms, () => {
      removeListener();
      resolve();
    });
    const removeListener = onAbort(signal, (reason) => {
      entry.fire = undefined;
      reject(reason);
    });
  });
}
