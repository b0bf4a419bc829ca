import { readCompaction } from "../../core/index.ts";

/** What a compaction item of this server stands for, in words for the model; undefined for one of another server. */
export function compactedText(encryptedContent: string): string | undefined {
  const gist = readCompaction(encryptedContent);
  return gist === undefined ? undefined : `The conversation so far, shortened:\n${gist}`;
}
