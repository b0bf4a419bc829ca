import type { Output } from "./output.ts";

/** A reader that is further behind than this misses lines, since keeping them would fill the memory of a server. */
const longestBacklog = 4 * 1024 * 1024;

/** Returns a writer of JSON or text lines, which leaves lines out while its reader is behind. */
export function lineWriter(output: Output, isJson: boolean): (line: string) => void {
  let leftOut = 0;
  const gap = (): string => {
    if (leftOut === 0) return "";
    const message = `${leftOut} lines were left out: nobody read them in time`;
    leftOut = 0;
    return `${isJson ? JSON.stringify({ type: "notice", message }) : `(${message})`}\n`;
  };
  return (line) => {
    if (output.backlog > longestBacklog) leftOut += 1;
    else output.write(`${gap()}${line}\n`);
  };
}
