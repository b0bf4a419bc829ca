/** `1 466`: digits in groups of three. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, " ");
}

/** `38 ms`, `1.4 s`. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The text without control characters, which could do anything to a terminal; line breaks stay. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what it is about
  return text.replaceAll("\t", "    ").replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "");
}

/** `1 word`, `2 words`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
