import type { IncomingMessage } from "node:http";
import { InvalidArgumentError } from "turnwire/internal";
import { invalidRequest } from "../api-error.ts";
import type { PendingFault } from "../../kit/index.ts";
import { type Fault, readFaultHeader } from "../faults/index.ts";

const name = "x-turnwire-fault";

/** The faults that a client asks for itself. Throws a 400 for a header that cannot be read. */
export function faultsOf(request: IncomingMessage, transport: "websocket" | "http"): Array<PendingFault<Fault>> {
  const value = request.headers[name];
  try {
    return readFaultHeader(Array.isArray(value) ? value[0] : value, transport);
  } catch (error) {
    const why = error instanceof InvalidArgumentError ? error.message : "it is not valid JSON";
    throw invalidRequest(name, `Invalid header '${name}': ${why}.`, "invalid_header");
  }
}
