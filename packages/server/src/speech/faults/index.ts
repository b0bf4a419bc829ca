export type { SpeechFault, SpeechFaultAction, SpeechFaultPlace } from "./fault.ts";
export { ArmedFault, type SpeechFaultHandle, SpeechFaults } from "./faults.ts";
