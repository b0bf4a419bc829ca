export { type CartesiaTTSSettings } from "./settings.ts";
export { CartesiaTTSService, type CartesiaTTSServiceOptions } from "./tts-service.ts";
