export { ConnectionManager, type Lease } from "./connection-manager.ts";
export type { Exchange } from "./exchange.ts";
export { Tenant } from "./tenant.ts";
export { defaultConnectionAgeMs, ResponsesConnectionPool, type ResponsesConnectionPoolOptions } from "./pool.ts";
export type { ResponsesConnection } from "./responses-connection.ts";
export { ServerCapabilities } from "./server-capabilities.ts";
