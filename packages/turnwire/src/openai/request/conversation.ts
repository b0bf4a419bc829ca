import { isDeepStrictEqual } from "node:util";
import type { ResponseInputItem } from "../../protocol/index.ts";
import type { Item } from "./items.ts";

/** Items that are only appended to. Two views of one log therefore share their beginning. */
export class ItemLog {
  readonly items: Item[] = [];
  /** `bytesUpTo[n]` is the size of the first n items, separators included. */
  readonly bytesUpTo: number[] = [0];

  push(item: Item): void {
    this.items.push(item);
    this.bytesUpTo.push(this.bytesUpTo[this.bytesUpTo.length - 1]! + itemBytes(item));
  }
}

function itemBytes(item: Item): number {
  return item.wire === undefined ? 0 : item.bytes + 1;
}

/** A conversation as items at one moment: the beginning of a log, and a tail that may differ next time. */
export class Conversation {
  readonly length: number;
  readonly #log: ItemLog;
  readonly #settled: number;
  readonly #tail: readonly Item[];

  constructor(log: ItemLog, tail: readonly Item[]) {
    this.#log = log;
    this.#settled = log.items.length;
    this.#tail = tail;
    this.length = this.#settled + tail.length;
  }

  at(index: number): Item | undefined {
    return index < this.#settled ? this.#log.items[index] : this.#tail[index - this.#settled];
  }

  /** The items from `index` on, as they are sent. */
  wireFrom(index: number): ResponseInputItem[] {
    const items = [...this.#log.items.slice(Math.min(index, this.#settled), this.#settled), ...this.#tail];
    const wanted = index < this.#settled ? items : items.slice(index - this.#settled);
    return wanted.flatMap((item) => (item.wire === undefined ? [] : [item.wire]));
  }

  /** The size of the items before `index`, in bytes. */
  bytesUpTo(index: number): number {
    const settled = this.#log.bytesUpTo[Math.min(index, this.#settled)] ?? 0;
    return this.#tail
      .slice(0, Math.max(0, index - this.#settled))
      .reduce((sum, item) => sum + itemBytes(item), settled);
  }

  /** Whether the first `length` items are those of `other`. Items that both share in one log are not compared again. */
  sharesBeginning(other: Conversation, length: number): boolean {
    if (length > this.length || length > other.length) return false;
    const shared = this.#log === other.#log ? Math.min(this.#settled, other.#settled, length) : 0;
    for (let index = shared; index < length; index += 1) {
      if (!isSameItem(this.at(index), other.at(index))) return false;
    }
    return true;
  }
}

function isSameItem(one: Item | undefined, other: Item | undefined): boolean {
  if (one === other) return true;
  return isDeepStrictEqual(one?.wire, other?.wire) && isDeepStrictEqual(one?.key, other?.key);
}
