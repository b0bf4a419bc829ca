/** For authors of services: the bases, and the tools they are made of. */
import "./node-version.ts";
export * from "./checks/index.ts";
export * from "./llm/index.ts";
export * from "./service/index.ts";
export * from "./websocket/index.ts";
