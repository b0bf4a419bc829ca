/** The names that turnwire's own packages share. Not for users: they change without notice. */
import "./node-version.ts";
export * from "./async/index.ts";
export * from "./audio/index.ts";
export * from "./checks/index.ts";
export * from "./errors.ts";
export * from "./frames/index.ts";
export * from "./protocol/index.ts";
export * from "./redaction.ts";
