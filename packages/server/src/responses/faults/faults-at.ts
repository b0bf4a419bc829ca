import { FaultList, type PendingFault } from "../../kit/index.ts";
import { type Fault, type FaultStage, stageOf } from "./fault.ts";

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
