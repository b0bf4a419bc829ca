/** How far an exchange has come. */
export type Phase =
  /** It has its lane; nothing has been sent. */
  | { kind: "reserved" }
  /** The request has been sent; the server has not begun a response. */
  | { kind: "sent" }
  | { kind: "streaming"; responseId: string }
  /** The response, or a request that never became one, has ended. A successor of a steered response may follow. */
  | { kind: "settling"; responseId: string | undefined }
  /** Nothing can follow. */
  | { kind: "closed" };

/** A step that moves an exchange to another phase. */
export type Step =
  | { kind: "send" }
  | { kind: "created"; responseId: string }
  | { kind: "terminal"; responseId: string | undefined }
  | { kind: "error" }
  | { kind: "close" };

const reserved: Phase = { kind: "reserved" };
const sent: Phase = { kind: "sent" };
const closed: Phase = { kind: "closed" };

export const firstPhase: Phase = reserved;

/** Returns the phase after a step; the same object when the step changes nothing. */
export function advance(phase: Phase, step: Step): Phase {
  if (step.kind === "close" || phase.kind === "closed") return closed;
  if (phase.kind === "reserved") return step.kind === "send" ? sent : phase;
  switch (step.kind) {
    case "send":
      return phase;
    case "created":
      return { kind: "streaming", responseId: step.responseId };
    case "terminal":
      return phase.kind === "settling"
        ? phase
        : { kind: "settling", responseId: responseIdOf(phase) ?? step.responseId };
    case "error":
      // An error within a response is followed by the event that ends it; one before it ends the request.
      return phase.kind === "sent" ? { kind: "settling", responseId: undefined } : phase;
  }
}

/** The response that an exchange is about, once the server has begun one. */
export function responseIdOf(phase: Phase): string | undefined {
  return phase.kind === "streaming" || phase.kind === "settling" ? phase.responseId : undefined;
}
