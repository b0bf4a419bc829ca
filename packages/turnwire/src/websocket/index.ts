export { Backoff, type BackoffOptions, QuickFailureDetector, type QuickFailureOptions } from "./backoff.ts";
export { isRetryableCloseCode, isRetryableUpgradeStatus } from "./close-codes.ts";
export { type ConnectionSettings, WebsocketConnection } from "./connection.ts";
export { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
export { proxiedFetch } from "./proxy.ts";
export { WebsocketService, type WebsocketServiceEvents, type WebsocketServiceOptions } from "./service.ts";
export {
  type Socket,
  type SocketFactory,
  type SocketHandlers,
  type WebsocketTarget,
  wsSocketFactory,
} from "./socket.ts";
export {
  ContinuousConnection,
  type ContinuousConnectionOptions,
  type ContinuousHandlers,
} from "./continuous-connection.ts";
