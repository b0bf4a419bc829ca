import type { RequestEntry } from "./request-entry.ts";
import type { ServerInfo, ServerView } from "./view.ts";

/** Shows what a server does as one JSON object per line. `serverHelp` documents them. */
export class ServerJsonView implements ServerView {
  readonly #line: (text: string) => void;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  listening(info: ServerInfo): void {
    this.#print("listening", { ...info, faultsURL: info.faultsURL ?? null });
  }

  request(entry: RequestEntry): void {
    this.#line(requestJson(entry));
  }

  notice(message: string): void {
    this.#print("notice", { message });
  }

  stopping(signal: string): void {
    this.#print("stopping", { signal });
  }

  closed(requests: number): void {
    this.#print("closed", { requests });
  }

  #print(type: string, fields: object): void {
    this.#line(JSON.stringify({ type, ...fields }));
  }
}

/** The JSON line of a request, also for `--log`. */
export function requestJson(entry: RequestEntry): string {
  return JSON.stringify({ type: "request", ...entry });
}
