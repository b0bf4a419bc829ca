const clauseStart =
  "what|what's|whats|how|when|where|who|which|why|tell|give|show|calculate|compute|convert|work out|find|get|search|look|set|play|send|" +
  "book|remind|please|then|also|can|could|is|are|do|does|will|i|my|in which|at what";
const boundary = new RegExp(
  `[;?!]+\\s*|\\.(?=\\s|$)\\s*|,?\\s+(?:and|but)\\s+(?=(?:${clauseStart})\\b|the \\w+ (?:in|at|for)\\b)|,\\s*(?=(?:${clauseStart})\\b)`,
  "i",
);

/** The parts of a text that each say or ask one thing. A decimal point or a list does not end one. */
export function clausesOf(text: string): string[] {
  return text
    .split(boundary)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "");
}

const quoted = /"([^"]+)"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)/g;

/** What stands in quotation marks. */
export function quotedPhrases(text: string): string[] {
  return [...text.matchAll(quoted)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** Capitalised phrases that are not just the beginning of the sentence. */
export function capitalizedPhrases(text: string): string[] {
  const phrases = text.matchAll(/(?<=\S\s+)(?!I\b)\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*/gu);
  return [...phrases].map((match) => match[0]);
}
