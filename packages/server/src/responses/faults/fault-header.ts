import type { IncomingMessage } from "node:http";
import { InvalidArgumentError } from "turnwire/internal";
import { PendingFault } from "../../kit/index.ts";
import { invalidRequest } from "../api-error.ts";
import { type Fault, readResponsesFault } from "./fault.ts";

const name = "x-turnwire-fault";

/** The faults that a client asks for itself. Throws a 400 for a header that cannot be read. */
export function faultsOf(request: IncomingMessage, transport: "websocket" | "http"): Array<PendingFault<Fault>> {
  const [value] = [request.headers[name]].flat();
  if (value === undefined) return [];
  try {
    const faults: unknown[] = [JSON.parse(value) as unknown].flat();
    return faults.map(
      (fault, index) => new PendingFault(readResponsesFault({ ...(fault as object), transport }, `[${index}]`)),
    );
  } catch (error) {
    const why = error instanceof InvalidArgumentError ? error.message : "it is not valid JSON";
    throw invalidRequest(name, `Invalid header '${name}': ${why}.`, "invalid_header");
  }
}
