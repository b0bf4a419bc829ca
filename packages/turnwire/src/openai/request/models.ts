import type { Reasoning } from "../settings.ts";

const knownNotToReason = /^(gpt-3|gpt-4|chatgpt-|gpt-\d+(\.\d+)?-chat)/;
const reasonsUnlessTold = /^o\d/;
const reasonsOnRequest = /^gpt-(\d+)/;

/** The name a model was trained under: fine-tuned ones carry it in the middle. */
function baseName(model: string): string {
  return model.startsWith("ft:") ? (model.split(":")[1] ?? model) : model;
}

/** Whether the model is known not to take a reasoning setting. */
export function isKnownNotToReason(model: string): boolean {
  return knownNotToReason.test(baseName(model));
}

/**
 * The reasoning setting to send: the configured one; otherwise effort `none` for models from gpt-5 on, which would
 * think before they answer; otherwise nothing.
 */
export function reasoningFor(model: string, configured: Reasoning | undefined): Reasoning | undefined {
  if (configured !== undefined) return configured;
  const name = baseName(model);
  const generation = Number(reasonsOnRequest.exec(name)?.[1] ?? 0);
  return generation >= 5 && !isKnownNotToReason(name) ? { effort: "none" } : undefined;
}

/** Whether answers may hold reasoning items, whose encrypted content has to be asked for. */
export function mayReason(model: string, reasoning: Reasoning | undefined): boolean {
  if (isKnownNotToReason(model)) return false;
  return reasoning === undefined ? reasonsUnlessTold.test(baseName(model)) : reasoning.effort !== "none";
}
