export { validateCalls, validateReasoning } from "./item-pairing.ts";
export { validateFields, validateSome } from "./fields.ts";
export { checkDepth } from "./depth.ts";
export { steerInputProblem } from "./steer-input.ts";
