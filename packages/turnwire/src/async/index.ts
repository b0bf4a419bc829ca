export { BoundedQueue, type BoundedQueueOptions } from "./bounded-queue.ts";
export { Condition } from "./condition.ts";
export { type Defined, defined } from "./defined.ts";
export { Emitter, type EventMap, type EventSource, type Listener } from "./emitter.ts";
export { type Clock, defaultLogger, type Logger, type Random, systemClock } from "./ports.ts";
export { Alarm, InactivityTimer, type TimerOptions } from "./timers.ts";
export { Deadline, delay, LinkedSignal, onAbort, throwIfAborted, untilAborted } from "./waiting.ts";
