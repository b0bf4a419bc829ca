/** What a client heard of one answer. Times are those of `monotonicMs`. */
export interface Heard {
  startedAt: number;
  firstTextAt: number;
  cutAt: number;
  endedAt: number;
  /** How many words belong to this answer; `stale`: how many belong to another. */
  words: number;
  stale: number;
  error?: string;
}

export function firstTextMs({ startedAt, firstTextAt }: Heard): number {
  return firstTextAt - startedAt;
}
