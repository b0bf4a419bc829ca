export { type Fault, type FaultAction, type FaultKind, type FaultPlace, readResponsesFault } from "./fault.ts";
export { faultsAt, readFaultHeader } from "./faults.ts";
export { errorOf, type FaultTarget, FaultySink, injectIntoRequest, injectIntoTransport } from "./inject.ts";
