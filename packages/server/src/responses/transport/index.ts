export { Access } from "./access.ts";
export { controlRoute } from "./control.ts";
export { answerError, HttpServer } from "./http-server.ts";
export { sendJson } from "./http-sinks.ts";
export { refuse, type ServerConnection, SessionHost } from "./session-host.ts";
