import { errorCodes, isKnownErrorCode, type WireError } from "../../protocol/index.ts";

/**
 * The cause of an error event:
 * - `cancel`: it answers a cancel, and no request has failed;
 * - `steer`: it answers a steer;
 * - `lane`: the request on the lane that it names has failed;
 * - `age-limit`: the connection has reached its age limit;
 * - `request`: the request that has no response yet has failed, or the connection if there is no such request;
 * - `unclear`: it answers a cancel, or the request that has no response yet has failed.
 */
export type ErrorSource =
  | { kind: "cancel"; responseId: string | undefined }
  | { kind: "steer" | "lane" | "age-limit" | "request" | "unclear" };

/** The messages that were sent beside requests. */
export interface SentBeside {
  /** The responses that a cancel was sent for and not answered, the oldest first. */
  cancelled: readonly string[];
  /** Whether a steer was ever sent: its answer may come after the response's end. */
  hasSteered: boolean;
  /** Whether a steer was sent to a response that is still running, and not answered. */
  steer: boolean;
}

/** The words of a server that does not know an event. It never uses them about a request. */
const unknownEvent = /\bevent type\b/i;

/**
 * Finds the cause of an error. The answer to a cancel comes before, among or after the cancelled response's last events,
 * and need not say what it answers.
 */
export function attributeError(
  wire: WireError,
  namesLane: boolean,
  { cancelled, hasSteered, steer }: SentBeside,
): ErrorSource {
  const { code, message = "", param } = wire;
  const other: ErrorSource = namesLane
    ? { kind: "lane" }
    : { kind: code === errorCodes.connectionLimit ? "age-limit" : "request" };
  // The cancelled response may be the very one that a request was to continue.
  if (param === "previous_response_id" || code === errorCodes.previousResponseNotFound) return other;
  const named = cancelled.find((responseId) => namesId(message, responseId));
  const namesCancel = code?.includes("cancel") || message.includes("response.cancel");
  if (named !== undefined || (namesCancel && cancelled.length > 0)) {
    return { kind: "cancel", responseId: named ?? cancelled[0] };
  }
  if (hasSteered && message.includes("response.steer")) return { kind: "steer" };
  if (unknownEvent.test(message) || param === "type" || param === "response_id") {
    if (cancelled.length > 0) return { kind: "cancel", responseId: cancelled[0] };
    if (steer) return { kind: "steer" };
  }
  const tellsNothing = param === undefined && !isKnownErrorCode(code);
  return !namesLane && cancelled.length > 0 && tellsNothing ? { kind: "unclear" } : other;
}

/** Whether the message contains the id, and not as a part of a longer one. */
function namesId(message: string, id: string): boolean {
  const between = message.split(id);
  return between.slice(1).some((after, at) => !/[\w-]$/.test(between[at]!) && !/^[\w-]/.test(after));
}
