export {
  STTService,
  type STTServiceEvents,
  type STTServiceOptions,
  type Transcript,
  type TranscriptWord,
} from "./stt-service.ts";
export {
  websocketSTTChecks,
  WebsocketSTTService,
  type WebsocketSTTServiceOptions,
  type WebsocketSTTTimeouts,
} from "./websocket-stt-service.ts";
