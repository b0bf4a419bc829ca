import type { LLMMessage } from "../../context/index.ts";

const resumeNote: LLMMessage = {
  role: "developer",
  content: "Your last reply broke off for a technical reason. Go on exactly where it stops; repeat nothing.",
};

/** The conversation that asks for the rest of a reply which broke off after `delivered`. */
export function resumedMessages(messages: readonly LLMMessage[], delivered: string): readonly LLMMessage[] {
  return [...messages, { role: "assistant", content: delivered }, resumeNote];
}
