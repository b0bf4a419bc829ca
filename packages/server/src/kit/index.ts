export {
  checkStart,
  checkStarted,
  clockCheck,
  environmentCheck,
  listenerChecks,
  oneOrMany,
  record,
  type ServerEnvironment,
  whole,
} from "./checks.ts";
export { closeCode, closeReason, faultPlace, readFault } from "./fault-checks.ts";
export { type FaultHandle, FaultList, PendingFault } from "./fault-list.ts";
export { KeyRing } from "./key-ring.ts";
export { Listener, requestURL } from "./listener.ts";
export { isLoopback, OriginGuard } from "./origin-guard.ts";
export { ServerSocket } from "./server-socket.ts";
export { refuseUpgrade, type Upgrade, WebSocketHost } from "./websocket-host.ts";
