export { type VerifyClient } from "./admission.ts";
export { type WebsocketServerTimeouts, type WebsocketServerTransportOptions } from "./server-options.ts";
export { WebsocketServerTransport } from "./websocket-server-transport.ts";
