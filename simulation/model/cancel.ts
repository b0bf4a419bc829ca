import type { Fields } from "../laws/ledger.ts";
import type { ServerProfile } from "../scenario.ts";

type Refusal = ServerProfile["refusal"];

/** The error with which a server refuses a cancel, because it does not know cancels or has no such response. */
export function cancelRefusal(refusal: Refusal, responseId: string): Fields {
  switch (refusal) {
    case "clear": {
      const message = "Invalid value: 'response.cancel'. Supported values are: 'response.create'.";
      const error = { type: "invalid_request_error", code: "invalid_value", message, param: "type" };
      return { type: "error", status: 400, error };
    }
    case "field":
      return { type: "error", status: 400, error: { code: "invalid_value", message: "No.", param: "type" } };
    case "response":
      return { type: "error", code: "not_found", message: `There is no response ${responseId}.`, param: null };
    case "code":
      return { type: "error", error: { code: "response_cancel_not_active", message: "Nothing to stop." } };
    case "vague":
      return { type: "error", status: 400, error: { code: "invalid_request_error", message: "Unknown event type." } };
    case "empty":
      return { type: "error", error: { code: "", message: "" } };
  }
}

/** Whether a client cannot tell this refusal from an error of the response that is running. */
export function isAmbiguous(refusal: Refusal): boolean {
  return refusal === "vague" || refusal === "empty";
}
