export { type Check, checkValue, isRecord } from "./check.ts";
export { checkName, type Hints, nearestName } from "./names.ts";
export { checkFields, checkOptions, type Checks } from "./options.ts";
/** The kinds of value: `is.text`, `is.number({ min: 0 })`, `is.group({ … })`. */
export * as is from "./kinds.ts";
