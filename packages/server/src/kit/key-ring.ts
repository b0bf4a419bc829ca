import { createHash, timingSafeEqual } from "node:crypto";

/** The API keys of a server, held and compared as digests. */
export class KeyRing {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0;
  }

  /** A name for whoever has this key; undefined if it is none of the server's. */
  ownerOf(key: string): string | undefined {
    const candidate = digest(key);
    // All are compared, so that the time this takes does not tell which one is similar.
    const isKnown = this.#digests.map((known) => timingSafeEqual(known, candidate)).includes(true);
    return isKnown ? candidate.toString("hex").slice(0, 32) : undefined;
  }
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
