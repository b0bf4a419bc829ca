import { InvalidArgumentError } from "../../errors.ts";
import { isObject, type ResponseInputItem } from "../../protocol/index.ts";
import { type Item, makeItem } from "./items.ts";

/**
 * An item that a context holds in the form of the Responses API, such as the reasoning of a model.
 *
 * A reasoning item is sent without its id, which a server that stores nothing cannot find, and only if it has encrypted
 * content, which alone tells another connection what the model thought. Other items are sent as they are.
 */
export function specificItem(item: unknown, field: string): Item {
  if (!isObject(item) || typeof item["type"] !== "string") {
    throw new InvalidArgumentError(`${field}.message`, "expected an input item of the Responses API, with its type");
  }
  if (item["type"] !== "reasoning") return makeItem(item as unknown as ResponseInputItem, { kind: "other" });
  const { id, encrypted_content: encrypted, summary } = item;
  const wire = { type: "reasoning", summary: summary ?? [], encrypted_content: encrypted };
  return makeItem(typeof encrypted === "string" ? (wire as unknown as ResponseInputItem) : undefined, {
    kind: "reasoning",
    id: String(id),
  });
}
