/** Why the server closes a connection (RFC 6455, section 7.4.1). */
export const closeCodes = {
  ended: 1000,
  goingAway: 1001,
  invalidPayload: 1007,
  policy: 1008,
  messageTooBig: 1009,
  failed: 1011,
  tooSlow: 1013,
} as const;
