/** Close codes after which the next connection would end in the same way (RFC 6455 section 7.4.1). */
const finalCloseCodes: ReadonlyMap<number, string> = new Map([
  [1002, "protocol error"],
  [1003, "unsupported data"],
  [1007, "invalid payload"],
  [1008, "policy violation"],
  [1009, "message too big"],
  [1010, "missing extension"],
]);

/** Whether connecting again may help after a close with this code. */
export function isRetryableCloseCode(code: number): boolean {
  return !finalCloseCodes.has(code);
}

/** Whether connecting again may help after an upgrade was refused with this HTTP status. */
export function isRetryableUpgradeStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}
