export type { VerifyClient } from "./admission.ts";
export { closeCodes } from "./close-codes.ts";
export { type ClientMessage, clientMessageTypes, protocolVersion, type ServerMessage } from "./messages.ts";
export type { PlayedReport } from "./utterances.ts";
export type { WebsocketServerTransportOptions } from "./server-options.ts";
export { WebsocketServerTransport } from "./websocket-server-transport.ts";
export { WebsocketTransport, type WebsocketTransportEvents } from "./websocket-transport.ts";
