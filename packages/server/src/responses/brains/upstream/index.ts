export type { UpstreamBrainOptions } from "./options.ts";
export { upstreamBrain } from "./upstream-brain.ts";
