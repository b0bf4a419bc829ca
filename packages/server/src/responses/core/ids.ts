import type { Random } from "turnwire/internal";

/** Makes the API's identifiers: a prefix and 48 hexadecimal digits, for steering 32. */
export type IdSource = (prefix: "resp" | "msg" | "fc" | "rs" | "call" | "req" | "steer" | "cmp") => string;

export function idSource(random: Random): IdSource {
  return (prefix) => `${prefix}_${hexDigits(random, prefix === "steer" ? 32 : 48)}`;
}

/** Opaque URL-safe base64, like the encrypted reasoning of the API. */
export function opaqueContent(random: Random): string {
  return `gAAAAA${Buffer.from(hexDigits(random, 96), "hex").toString("base64url")}`;
}

function hexDigits(random: Random, count: number): string {
  let digits = "";
  while (digits.length < count) {
    digits += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, "0");
  }
  return digits.slice(0, count);
}
