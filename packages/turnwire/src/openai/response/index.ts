export { deliver, resultOf } from "./deliver.ts";
export { type ProgressLimits, ProgressWatch } from "./progress-timeouts.ts";
export { type ReadResponse, ResponseReader } from "./response-reader.ts";
