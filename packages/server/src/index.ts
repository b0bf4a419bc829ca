/** The embedded Responses server: real HTTP, server-sent events and WebSocket on a local port. */
export * from "./responses/index.ts";
