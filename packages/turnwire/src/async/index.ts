export { BoundedQueue, type BoundedQueueOptions } from "./bounded-queue.ts";
export { Emitter, type Listener } from "./emitter.ts";
export { type Clock, defaultLogger, type Logger, type Random, systemClock } from "./ports.ts";
export { Deadline, delay, LinkedSignal, onAbort, throwIfAborted, untilAborted } from "./waiting.ts";
export { IdleTimer } from "./idle-timer.ts";
