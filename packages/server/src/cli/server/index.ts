export { serverHelp } from "./help.ts";
export { server } from "./server.ts";
