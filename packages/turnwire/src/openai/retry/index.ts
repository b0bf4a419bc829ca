export { HttpFallback } from "./http-fallback.ts";
export {
  ambiguousCode,
  type AttemptState,
  decideRetry,
  type RecoveryAction,
  type RetryDecision,
} from "./retry-policy.ts";
export { type Attempt, type OnRetry, type RetriedWork, type RetryOptions, withRetries } from "./with-retries.ts";
