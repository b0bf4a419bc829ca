/** What the model is given for a call that an interruption cancelled. */
export const cancelledOutput = JSON.stringify({
  status: "cancelled",
  reason: "The user interrupted before the function had finished.",
});

/** What the model is given for a call that goes on past an interruption. */
export const runningOutput = JSON.stringify({
  status: "running",
  note: "The function has not finished yet. Its result follows in a later message.",
});

/** What the model is given for a call whose output the conversation does not hold. */
export const missingOutput = JSON.stringify({ status: "unknown", reason: "The function gave no output." });
