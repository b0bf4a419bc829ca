import { isLoopback } from "../../kit/index.ts";
import { printable } from "./format.ts";
import { lineWriter } from "./line-writer.ts";
import type { Output } from "./output.ts";
import type { StopSignal } from "./stop-signal.ts";
import type { Style } from "./style.ts";

/** What every server command shows beside its own events. With `--json` each event is printed as it is. */
export type ServingEvent =
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "stopping"; readonly signal: string };

export type Show<Event> = (event: Event) => void;

/** Shows events as lines: those that `textOf` makes of them, or else JSON. */
export function showOn<Event>(output: Output, textOf?: (event: Event) => string): Show<Event> {
  const line = lineWriter(output, textOf === undefined);
  return (event) => line(textOf?.(event) ?? JSON.stringify(event));
}

export function servingText(event: ServingEvent, style: Style): string {
  if (event.type === "notice") return style.dim(printable(event.message));
  return style.dim(`${event.signal}: closing; once more to end at once`);
}

/** A warning, if other machines can use the server without a key. */
export function openToOthers(host: string, apiKeys: readonly string[]): ServingEvent[] {
  if (isLoopback(host) || apiKeys.length > 0) return [];
  return [{ type: "notice", message: `Whoever reaches ${host} can use this server: --api-key asks for a key.` }];
}

export interface Service<Event> {
  readonly server: AsyncDisposable;
  /** What is shown of the server that has started. */
  readonly started: readonly Event[];
  readonly show: Show<Event | ServingEvent>;
  /** Returns what is shown at the end. */
  readonly ended: () => Event;
  readonly stdout: Output;
}

/** Keeps a server running until the signal comes. Returns the exit code. */
export async function serveUntil<Event>(stop: StopSignal, service: Service<Event>): Promise<number> {
  const { server, started, show, ended, stdout } = service;
  {
    await using _closed = server;
    for (const event of started) show(event);
    show({ type: "stopping", signal: await stop.arrived });
  }
  show(ended());
  if (stdout.brokenBy !== undefined) throw stdout.brokenBy;
  return 0;
}
