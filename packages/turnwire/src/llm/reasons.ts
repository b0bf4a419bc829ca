/** Why a request was made again. docs/continuation.md has a sentence for each. */
export type RetryReason =
  | "ambiguous-error"
  | "answer-broke-off"
  | "connection-limit"
  | "connection-lost"
  | "lane-limit"
  | "lanes-refused"
  | "no-answer"
  | "no-output"
  | "rate-limited"
  | "request-too-large"
  | "response-gone"
  | "server-failed"
  | "websocket-refused";

/** Why a request holds what it holds of the conversation. docs/continuation.md has a sentence for each. */
export type RequestReason =
  | RetryReason
  | "calls-missing"
  | "continues-earlier"
  | "continues-last"
  | "first-request"
  | "history-changed"
  | "nothing-kept"
  | "nothing-new"
  | "nothing-sent"
  | "output-missing"
  | "reasoning-missing"
  | "steering-missing"
  | "text-missing";
