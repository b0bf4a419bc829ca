export { HostGuard } from "./guard.ts";
export { answerError, HttpHost } from "./http.ts";
export { type ServerConnection, WebSocketHost } from "./websocket.ts";
