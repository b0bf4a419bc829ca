export { rulesBrain, type RulesBrainOptions } from "./rules-brain.ts";
