export { type Fault, type FaultAction, type FaultKind, type FaultPlace, readResponsesFault } from "./fault.ts";
export { faultsOf } from "./fault-header.ts";
export { faultsAt } from "./faults-at.ts";
export { type FaultTarget, injectIntoTransport } from "./inject.ts";
export { RequestFaults } from "./request-faults.ts";
