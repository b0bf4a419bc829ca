export {
  STTService,
  type STTServiceEvents,
  type STTServiceOptions,
  type Transcript,
  type TranscriptWord,
} from "./stt-service.ts";
export {
  WebsocketSTTService,
  type WebsocketSTTServiceOptions,
  type WebsocketSTTTimeouts,
} from "./websocket-stt-service.ts";
