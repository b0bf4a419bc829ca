export { speechHelp } from "./help.ts";
export { speech } from "./speech.ts";
