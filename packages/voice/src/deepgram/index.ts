export { type DeepgramAccessOptions, type QueryValue } from "./endpoint.ts";
export { DeepgramSTTService, type DeepgramSTTServiceOptions } from "./stt-service.ts";
export { type DeepgramSTTSettings } from "./stt-settings.ts";
export { DeepgramTTSService, type DeepgramTTSServiceOptions, type DeepgramTTSSettings } from "./tts-service.ts";
