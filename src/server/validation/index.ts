export { invalidType } from "./checks.ts";
export { validateCalls, validateReasoning } from "./conversation.ts";
export { validateFields } from "./fields.ts";
