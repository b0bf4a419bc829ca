export { WebsocketTransport, type PlayedReport, type WebsocketTransportEvents } from "./client/index.ts";
export { clientMessageTypes, closeCodes } from "./protocol/index.ts";
export {
  type VerifyClient,
  WebsocketServerTransport,
  type WebsocketServerTimeouts,
  type WebsocketServerTransportOptions,
} from "./server/index.ts";
