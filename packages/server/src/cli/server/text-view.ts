import { printable } from "../shared/format.ts";
import type { Style } from "../shared/style.ts";
import type { RequestEntry } from "./request-entry.ts";
import { requestHead, requestLine } from "./request-line.ts";
import type { ServerInfo, ServerView } from "./view.ts";

/** Shows what a server does as text, a line for each request. */
export class ServerTextView implements ServerView {
  readonly #line: (text: string) => void;
  readonly #style: Style;
  #requests = 0;

  constructor(line: (text: string) => void, style: Style) {
    this.#line = line;
    this.#style = style;
  }

  listening({ version, url, wsURL, faultsURL, brain, dialect, keys }: ServerInfo): void {
    const style = this.#style;
    const asked =
      keys === 0 ? "no key is asked for" : keys === 1 ? "a key is asked for" : `one of ${keys} keys is asked for`;
    // Written at once: a program that reads the first line may look for the others.
    const lines = [
      style.dim(`turnwire ${version} server · ${printable(brain)} · dialect ${dialect} · ${asked}`),
      `HTTP       ${style.bold(url)}`,
      `WebSocket  ${style.bold(wsURL)}`,
      ...(faultsURL === undefined ? [] : [`faults     ${style.bold(faultsURL)}`]),
      "",
    ];
    this.#line(lines.join("\n"));
  }

  request(entry: RequestEntry): void {
    const style = this.#style;
    if (this.#requests++ === 0) this.#line(style.bold(requestHead));
    const { time, middle, end, wentWell } = requestLine(entry);
    this.#line(`${style.dim(time)}  ${middle}  ${wentWell ? end : style.red(end)}`);
  }

  notice(message: string): void {
    this.#line(this.#style.dim(printable(message)));
  }

  stopping(signal: string): void {
    this.#line(this.#style.dim(`${signal}: closing; once more to end at once`));
  }

  closed(requests: number): void {
    this.#line(this.#style.dim(`closed after ${requests === 1 ? "1 request" : `${requests} requests`}`));
  }
}
