import { createHash } from "node:crypto";
import type { Random } from "turnwire/internal";

/** A UUID of version 4. */
export function newUuid(random: Random): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  return uuidOf(bytes, 4);
}

/** The same UUID for the same name. */
export function uuidFor(name: string): string {
  return uuidOf(createHash("sha256").update(name).digest().subarray(0, 16), 8);
}

/** RFC 9562, sections 4.1 and 4.2. */
function uuidOf(bytes: Uint8Array, version: number): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
