export { calculate } from "./calculate.ts";
export { currentTime } from "./current-time.ts";
