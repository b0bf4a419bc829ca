export { readSpeakQuery } from "./speak-query.ts";
export { SpeakSession } from "./speak-session.ts";
