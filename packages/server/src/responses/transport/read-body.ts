import type { IncomingMessage } from "node:http";
import { isObject, limits } from "turnwire/internal";
import { invalidRequest, ResponsesApiError } from "../api-error.ts";
import { checkDepth } from "../validation/index.ts";

/** Reads a JSON body, whatever it is. Throws a `ResponsesApiError` for one that is too large, too deep or no JSON. */
export async function readJson(request: IncomingMessage): Promise<{ value: unknown; bytes: number }> {
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaType !== "application/json") {
    throw new ResponsesApiError({ status: 415, message: "Unsupported content type: send 'application/json'." });
  }
  if (Number(request.headers["content-length"] ?? 0) > limits.maxMessageBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Destroying the request would destroy the connection before the answer is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.maxMessageBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return { value: parse(Buffer.concat(chunks).toString("utf8")), bytes };
}

/** Reads a JSON body that has to be an object. */
export async function readObject(request: IncomingMessage): Promise<{ body: Record<string, unknown>; bytes: number }> {
  const { value, bytes } = await readJson(request);
  if (!isObject(value)) throw invalidRequest(null, "Invalid body: expected a JSON object.");
  return { body: value, bytes };
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest(null, "We could not parse the JSON body of your request: it is not valid JSON.");
  }
  checkDepth(value);
  return value;
}

function tooLarge(): ResponsesApiError {
  return new ResponsesApiError({
    status: 413,
    message: `The request body is too large: the limit is ${limits.maxMessageBytes} bytes.`,
  });
}
