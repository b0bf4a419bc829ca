export type { ReceivedMessage, SpeechConnection, SpeechEvent } from "./speech-connection.ts";
export type { SpeechFault, SpeechFaultAction, SpeechFaultPlace } from "./speech-fault.ts";
export type { FaultHandle, FaultList, ServerEnvironment } from "../kit/index.ts";
export { checkScript, type ListenProgress, type ListenRequest, type Script, type ScriptedWord } from "./script.ts";
export type { SpeechServerOptions } from "./options.ts";
export { sayScript, type SayScriptOptions, type ScriptLine } from "./say-script.ts";
export { SpeechServer } from "./speech-server.ts";
export { toneAudio, toneWords, type Voice, type VoiceChoice } from "./voices/index.ts";
export type { TimedWord } from "./words.ts";
