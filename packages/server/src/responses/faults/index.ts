export { type Fault, type FaultAction, type FaultKind, type FaultPlace, readFault } from "./fault.ts";
export { ArmedFault, type FaultHandle, Faults, type Place, readFaultHeader } from "./faults.ts";
export { errorOf, type FaultTarget, FaultySink, strikeRequest, strikeTransport } from "./strike.ts";
