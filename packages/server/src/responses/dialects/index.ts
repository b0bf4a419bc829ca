export { type CancelMode, cancelModes, type Dialect, type DialectName } from "./dialect.ts";
export { dialects } from "./table.ts";
