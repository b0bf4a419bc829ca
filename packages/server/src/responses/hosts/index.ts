export { controlRoute } from "./control.ts";
export { HostGuard } from "./guard.ts";
export { answerError, HttpHost, urlOf } from "./http.ts";
export { sendJson } from "./http-sinks.ts";
export { KeyGuard } from "./keys.ts";
export { refuseUpgrade } from "./refusal.ts";
export { type ConnectionLimits, type ServerConnection, WebSocketHost } from "./websocket.ts";
