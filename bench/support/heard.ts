/** What a client under measurement heard of one answer. Moments are those of `monotonicMs`. */
export interface Heard {
  startedAt: number;
  firstTextAt: number;
  cutAt: number;
  endedAt: number;
  /** Words that belong to this answer, and words of another. */
  words: number;
  stale: number;
  error?: string;
}

/** Milliseconds to the first text. */
export function firstTextMs({ startedAt, firstTextAt }: Heard): number {
  return firstTextAt - startedAt;
}
