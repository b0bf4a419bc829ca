export * from "./script/index.ts";
export * from "./upstream/index.ts";
