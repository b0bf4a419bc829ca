/** About what speech services take; for `--pace`. */
export const pace = { firstByteMs: 150, realtimeFactor: 5, latencyMs: 150 } as const;
