import { readCompaction } from "../../core/index.ts";

/** The text of a compaction item of this server, for the model; undefined for one of another server. */
export function compactedText(encryptedContent: string): string | undefined {
  const gist = readCompaction(encryptedContent);
  return gist === undefined ? undefined : `The conversation so far, shortened:\n${gist}`;
}
