import type { ResponseOutputItem } from "../../protocol/index.ts";

/** The part of an output item that has been read. */
export interface OutputItem {
  readonly type: string;
  id: string | undefined;
  index: number | undefined;
  /** The text so far, piece by piece: a text that grows by each piece leaves one more object for every piece. */
  readonly pieces: string[];
  thinking: boolean;
  /** The index of the part of the summary being read. The next part starts a new paragraph. */
  part: unknown;
  arguments: string | undefined;
  done: ResponseOutputItem | undefined;
}

/**
 * The items of a response. Events name theirs by id, by index, or by both; but servers leave either out, write a new id into
 * each event, or count from 0 each time.
 */
export class OutputItems {
  readonly #all: OutputItem[] = [];
  #latest: OutputItem | undefined;

  [Symbol.iterator](): Iterator<OutputItem> {
    return this.#all.values();
  }

  /** The item of this type that an event is about; a new one if it is none of those so far. */
  at(type: string, givenId: unknown, givenIndex: unknown): OutputItem {
    const latest = this.#latest;
    // Nearly every event is about the item of the event before.
    if (latest?.id !== undefined && latest.id === givenId && latest.index === givenIndex && latest.type === type) {
      return latest;
    }
    const id = idOf(givenId);
    const index = typeof givenIndex === "number" ? givenIndex : undefined;
    let item: OutputItem | undefined;
    let rank = 0;
    for (const one of this.#all) {
      const itsRank = one.type === type ? rankOf(one, id, index) : 0;
      if (itsRank <= rank) continue;
      item = one;
      rank = itsRank;
    }
    item ??= this.#make(type, id, index);
    item.id ??= id;
    item.index ??= index;
    this.#latest = item;
    return item;
  }

  /**
   * The items that the last event tells of. It gives no indexes, and may leave items out: the id or the call's id decides,
   * then the order among those of a type.
   */
  pair(output: readonly ResponseOutputItem[]): OutputItem[] {
    const left = new Set(this.#all);
    const claim = (matches: (one: OutputItem) => boolean): OutputItem | undefined => {
      const found = [...left].find(matches);
      if (found !== undefined) left.delete(found);
      return found;
    };
    const named = output.map((given) => claim((one) => isNamed(one, given)));
    return output.map((given, at) => {
      const item = named[at] ?? claim((one) => one.type === given.type && one.done?.type !== "function_call");
      return item ?? this.#make(given.type, idOf(given.id), undefined);
    });
  }

  #make(type: string, id: string | undefined, index: number | undefined): OutputItem {
    const item = {
      type,
      id,
      index,
      pieces: [],
      thinking: false,
      part: undefined,
      arguments: undefined,
      done: undefined,
    };
    this.#all.push(item);
    return item;
  }
}

/** How surely an event with this id and index is about the item; 0 if it is not. A finished item gets no further pieces. */
function rankOf(item: OutputItem, id: string | undefined, index: number | undefined): number {
  const hasId = id !== undefined && item.id === id;
  const hasIndex = index !== undefined && item.index === index;
  const hasOtherId = !hasId && id !== undefined && item.id !== undefined;
  const hasOtherIndex = !hasIndex && index !== undefined && item.index !== undefined;
  if (hasId && !hasOtherIndex) return 5;
  if (hasIndex && !hasOtherId) return 4;
  if (item.done !== undefined) return 0;
  if (hasId) return 3;
  if (hasIndex) return 2;
  return hasOtherId || hasOtherIndex ? 0 : 1;
}

function isNamed(item: OutputItem, given: ResponseOutputItem): boolean {
  if (item.type !== given.type) return false;
  if (item.done?.type === "function_call" && given.type === "function_call") return item.done.call_id === given.call_id;
  return item.id !== undefined && item.id === idOf(given.id);
}

function idOf(id: unknown): string | undefined {
  return typeof id === "string" && id !== "" ? id : undefined;
}
