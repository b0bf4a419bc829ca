export { type PlayedReport } from "./utterances.ts";
export { type ConnectionRules, WebsocketTransport, type WebsocketTransportEvents } from "./websocket-transport.ts";
