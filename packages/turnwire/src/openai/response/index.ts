export { deliver, resultOf } from "./deliver.ts";
export { type ProgressLimits, ProgressWatch } from "./progress-timeouts.ts";
export { Reply } from "./reply.ts";
export { type ReadResponse, ResponseReader } from "./response-reader.ts";
export { type Steer, type SteeringInput, type SteeringOutcome, SteerLedger } from "./steer-ledger.ts";
export { checkSteeringInput, type SteerableStream, SteerQueue } from "./steer-queue.ts";
