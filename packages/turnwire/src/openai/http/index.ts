export { inferOverHttp } from "./http-inference.ts";
export { askOnce } from "./run-inference.ts";
