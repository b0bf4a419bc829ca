export { Backoff, type BackoffOptions } from "./backoff.ts";
export { isRetryableCloseCode, isRetryableUpgradeStatus } from "./close-codes.ts";
export {
  connectionChecks,
  connectionTimeoutChecks,
  type ConnectionTimeouts,
  type ReconnectingWebsocketOptions,
} from "./connection-options.ts";
export { type ConnectionSettings, WebsocketConnection } from "./connection.ts";
export { type Environment, environmentCheck } from "./environment.ts";
export { FailureStreak, type GiveUpAfterOptions } from "./failure-streak.ts";
export { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
export { proxiedFetch } from "./proxy.ts";
export { connectionEvents, ReconnectingWebsocket, type ReconnectingWebsocketEvents } from "./reconnecting-websocket.ts";
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
