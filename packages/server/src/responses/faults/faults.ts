import { FaultList, PendingFault } from "../../kit/index.ts";
import { type Fault, type FaultStage, readResponsesFault, stageOf } from "./fault.ts";

/** Where a fault could be injected. */
export interface FaultSite {
  readonly transport: "websocket" | "http";
  readonly connection?: number;
  readonly request?: number;
}

/** The faults to inject at a stage and site: first those that the client itself asked for, then the server's. */
export function faultsAt(
  list: FaultList<Fault>,
  stage: FaultStage,
  site: FaultSite,
  own: ReadonlyArray<PendingFault<Fault>> = [],
): Array<PendingFault<Fault>> {
  const fits = (fault: Fault): boolean =>
    stageOf(fault) === stage &&
    (fault.transport ?? site.transport) === site.transport &&
    (fault.connection === undefined || fault.connection === site.connection) &&
    (fault.request === undefined || fault.request === site.request);
  return [...own.filter(({ fault, isSpent }) => !isSpent && fits(fault)), ...FaultList.matching(list, fits)];
}

/** The faults that a client asks for by the header of its own connection or request. */
export function readFaultHeader(
  value: string | undefined,
  transport: FaultSite["transport"],
): Array<PendingFault<Fault>> {
  if (value === undefined) return [];
  const parsed: unknown = JSON.parse(value);
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.map(
    (fault, index) => new PendingFault(readResponsesFault({ ...(fault as object), transport }, `[${index}]`)),
  );
}
