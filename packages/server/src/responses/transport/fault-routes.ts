import { InvalidArgumentError } from "turnwire/internal";
import { invalidRequest, ResponsesApiError } from "../api-error.ts";
import type { FaultList } from "../../kit/index.ts";
import type { Fault } from "../faults/index.ts";
import { readJson } from "./read-body.ts";
import { sendJson } from "./send-json.ts";
import type { Handler, HttpExchange, Route } from "./route.ts";

/** Where a test in another process adds faults. Only processes of this machine may. */
export function faultRoutes(faults: FaultList<Fault>): Route[] {
  const list = ({ response }: HttpExchange): void =>
    sendJson(response, 200, { pending: faults.pending.map(({ fault, injected }) => ({ ...fault, injected })) });
  const add = async (exchange: HttpExchange): Promise<void> => {
    const { value } = await readJson(exchange.request);
    for (const fault of Array.isArray(value) ? (value as unknown[]) : [value]) addOne(faults, fault);
    list(exchange);
  };
  const clear = (exchange: HttpExchange): void => {
    faults.clear();
    list(exchange);
  };
  const path = /^\/_turnwire\/faults$/;
  return [
    ["GET", path, local(list)],
    ["POST", path, local(add)],
    ["DELETE", path, local(clear)],
  ];
}

function local(handler: Handler): Handler {
  return (exchange) => {
    const address = exchange.request.socket.remoteAddress ?? "";
    if (/^(?:::ffff:)?127\.|^::1$/.test(address)) return handler(exchange);
    throw new ResponsesApiError({
      status: 403,
      code: "forbidden",
      message: "Faults are asked for from this machine only.",
    });
  };
}

function addOne(faults: FaultList<Fault>, fault: unknown): void {
  try {
    faults.add(fault as Fault);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw invalidRequest(error.field, error.message, "invalid_value");
    throw error;
  }
}
