/** The output of a call that an interruption cancelled. */
export const cancelledOutput = JSON.stringify({
  status: "cancelled",
  reason: "The user interrupted before the function had finished.",
});

/** The output of a call that goes on after an interruption. */
export const runningOutput = JSON.stringify({
  status: "running",
  note: "The function has not finished yet. Its result follows in a later message.",
});

/** The output of a call for which the conversation holds none. */
export const missingOutput = JSON.stringify({ status: "unknown", reason: "The function gave no output." });
