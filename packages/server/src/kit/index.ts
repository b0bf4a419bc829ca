export { isLoopback, KeyRing, OriginGuard } from "./access.ts";
export { clockCheck, environmentCheck, listenerChecks, oneOrMany, record, whole } from "./checks.ts";
export type { ServerEnvironment } from "./environment.ts";
export { closeCode, closeReason, faultPlace, readFault } from "./fault-checks.ts";
export { type FaultHandle, FaultList, PendingFault } from "./fault-list.ts";
export { Listener, requestURL } from "./listener.ts";
export { ServerSocket } from "./server-socket.ts";
export { refuseUpgrade, type Upgrade, WebSocketHost } from "./websocket-host.ts";
