export { type CancelMode, cancelModes, type Dialect, dialectCheck, type DialectName } from "./dialect.ts";
export { dialects } from "./dialects.ts";
