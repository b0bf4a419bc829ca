export type { EventBody, EventSink } from "./events.ts";
export { SequenceNumbers } from "./events.ts";
export { generate, type GenerationContext, type Outcome } from "./generation.ts";
export { type IdSource, idSource } from "./ids.ts";
export { modelNotFound, readRequest } from "./request.ts";
export { newRecord, type ReceivedRequest, RequestLog, type RequestRecord, type RequestStatus } from "./request-log.ts";
export { type CancelMode, type ServerCore, Session, type SessionSocket } from "./session.ts";
