import { counted, printable } from "../shared/format.ts";
import { type ServingEvent, servingText } from "../shared/serving.ts";
import type { Style } from "../shared/style.ts";
import type { RequestEntry } from "./request-entry.ts";
import { requestHead, requestLine } from "./request-line.ts";

/** What the server command shows. `serverHelp` documents it. */
export type ServerEvent =
  | {
      readonly type: "listening";
      readonly version: string;
      readonly url: string;
      readonly wsURL: string;
      /** Where faults are added; null if the server takes none. */
      readonly faultsURL: string | null;
      /** The brain, in a few words. */
      readonly brain: string;
      readonly dialect: string;
      /** How many API keys are accepted; 0 if none is needed. */
      readonly keys: number;
    }
  | RequestEntry
  | ServingEvent
  | { readonly type: "closed"; readonly requests: number };

/** Returns the text of each event, a line for each request. */
export function serverText(style: Style): (event: ServerEvent) => string {
  let hasHead = false;
  return (event) => {
    switch (event.type) {
      case "listening":
        return listeningText(event, style);
      case "request": {
        const head = hasHead ? "" : `${style.bold(requestHead)}\n`;
        hasHead = true;
        return head + requestLine(event, style);
      }
      case "closed":
        return style.dim(`closed after ${counted(event.requests, "request")}`);
      default:
        return servingText(event, style);
    }
  };
}

function listeningText(event: Extract<ServerEvent, { type: "listening" }>, style: Style): string {
  const { version, url, wsURL, faultsURL, brain, dialect, keys } = event;
  const asked = ["no key is asked for", "a key is asked for"][keys] ?? `one of ${keys} keys is asked for`;
  // Written at once: a program that reads the first line may look for the others.
  return [
    style.dim(`turnwire ${version} server · ${printable(brain)} · dialect ${dialect} · ${asked}`),
    `HTTP       ${style.bold(url)}`,
    `WebSocket  ${style.bold(wsURL)}`,
    ...(faultsURL === null ? [] : [`faults     ${style.bold(faultsURL)}`]),
    "",
  ].join("\n");
}
