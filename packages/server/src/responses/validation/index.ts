export { invalidType } from "./checks.ts";
export { validateCalls, validateReasoning } from "./item-pairing.ts";
export { type FieldRules, validateFields, validateSome } from "./fields.ts";
export { checkDepth } from "./depth.ts";
export { steerInputProblem } from "./steer-input.ts";
