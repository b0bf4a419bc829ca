export { invalidType } from "./checks.ts";
export { validateCalls, validateReasoning } from "./conversation.ts";
export { type FieldRules, validateFields, validateSome } from "./fields.ts";
export { checkDepth } from "./depth.ts";
export { steerInputProblem } from "./steer.ts";
