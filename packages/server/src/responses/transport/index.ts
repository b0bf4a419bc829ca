export { ApiAuthentication } from "./api-authentication.ts";
export { faultRoutes } from "./fault-routes.ts";
export { answerError, HttpServer } from "./http-server.ts";
export { sendJson } from "./send-json.ts";
export { refuse, type ServerConnection, SessionHost } from "./session-host.ts";
