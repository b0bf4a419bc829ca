import { mkdir, writeFile } from "node:fs/promises";
import type { Chat } from "../scenarios/chat.ts";
import type { ClientCost } from "../scenarios/client-cost.ts";
import type { LongChat } from "../scenarios/long-chat.ts";
import type { Interrupted } from "../scenarios/interruption.ts";
import type { ToolLoop } from "../scenarios/tool-loop.ts";
import { kept, type Run } from "../support/run.ts";
import { median, quantile } from "../support/statistics.ts";
import { type Bar, bars } from "./bars.ts";
import { lines } from "./lines.ts";
import { type Spec, svgOf } from "./plot.ts";

export interface Plot {
  name: string;
  /** The alternative text. */
  says: string;
  /** The figure whose chapter shows the plot. */
  figure: string;
  /** Returns an empty list if the figure was not measured. */
  draw: (run: Run) => Spec[];
}

export const plots: readonly Plot[] = [
  {
    name: "first-text",
    says: "time to first text, by turn of a chat, for each client",
    figure: "chat",
    draw: (run) => {
      const chats = chatsOf(run);
      return chats.length === 0
        ? []
        : [
            lines(
              chats.map(({ client, firstTextMs }) => ({ client, points: smooth(firstTextMs) })),
              {
                title: "Time to first text",
                subtitle: `a chat over ${chats[0]!.rttMs} ms round trip; median of five turns around each`,
                x: "turn",
                y: "milliseconds",
              },
            ),
          ];
    },
  },
  {
    name: "long-chat",
    says: "time to first text, by turn of a chat with long answers over a link with limited bandwidth, for each client",
    figure: "long-chat",
    draw: (run) => {
      const chats = kept(run, "long-chat", "longChat") as LongChat[] | undefined;
      return chats === undefined
        ? []
        : [
            lines(
              chats.map(({ client, firstTextMs }) => ({ client, points: smooth(firstTextMs) })),
              {
                title: "Time to first text of a long chat, over a link with limited bandwidth",
                subtitle: "40 ms round trip, 20 Mbit/s up, TCP's slow start; median of five turns around each",
                x: "turn",
                y: "milliseconds",
              },
            ),
          ];
    },
  },
  {
    name: "bytes",
    says: "bytes sent, by turn of a chat, for each client",
    figure: "chat",
    draw: (run) => {
      const chats = chatsOf(run);
      return chats.length === 0
        ? []
        : [
            lines(
              chats.map(({ client, bytes }) => ({
                client,
                points: bytes.map((y, index) => ({ x: index + 1, y })).slice(1),
              })),
              {
                title: "Bytes sent in a turn",
                subtitle: "with headers and framing; questions of 120 characters, answers of 40 words",
                x: "turn",
                y: "bytes",
                log: true,
              },
            ),
          ];
    },
  },
  {
    name: "interruption",
    says: "from an interruption to the next answer's first text, for each client and kind of server",
    figure: "interruption-peers",
    draw: (run) => {
      const all = kept(run, "interruption-peers", "interruptionOfPeers") as Interrupted[] | undefined;
      if (all === undefined) return [];
      const panelOf: Record<string, string> = {
        lanes: "server with lanes",
        "honours cancel": "server honours cancel",
        neither: "server has no lanes and ignores cancel",
      };
      const panels = [...new Set(all.map(({ server }) => panelOf[server]!))];
      const ideal = Object.fromEntries(
        [...new Set(all.map(({ server }) => server))].map((server) => [
          panelOf[server]!,
          Math.min(
            ...all
              .filter((each) => each.server === server && each.idealMs.length > 0)
              .map(({ idealMs }) => median(idealMs)),
          ),
        ]),
      );
      const some = all.filter(({ afterMs }) => afterMs.length > 0);
      return [
        bars(
          some.map(({ client, server, afterMs }): Bar => ({ client, panel: panelOf[server]!, ...spread(afterMs) })),
          {
            title: "From an interruption to the next answer",
            subtitle: "to its first text, 40 ms round trip; median and quartiles; dashed: an uninterrupted turn",
            x: "milliseconds",
            format: ".0f",
            panels,
            columns: 3,
            width: 200,
            ideal,
          },
        ),
      ];
    },
  },
  {
    name: "tool-loop",
    says: "a tool loop of 25 calls, for each client, at 0, 40 and 150 ms round trip",
    figure: "tool-loop",
    draw: (run) => {
      const all = (kept(run, "tool-loop", "toolLoop") as ToolLoop[] | undefined)?.filter(
        ({ totalMs }) => totalMs.length > 0,
      );
      if (all === undefined) return [];
      const panelOf = ({ rttMs, limited }: ToolLoop): string =>
        `${rttMs} ms round trip${limited ? ", 20 Mbit/s up" : ""}, results of ${limited ? 8 : 1} kB`;
      return [
        bars(
          all.map((loop): Bar => {
            const seconds = loop.totalMs.map((ms) => ms / 1000);
            return { client: loop.client, panel: panelOf(loop), ...spread(seconds) };
          }),
          {
            title: "A tool loop of 25 calls",
            subtitle: "total time; the model takes 20 ms for each call; median and quartiles",
            x: "seconds",
            format: ".2f",
            panels: [...new Set(all.map(panelOf))],
            columns: 2,
            width: 260,
            shared: false,
          },
        ),
      ];
    },
  },
  {
    name: "cpu",
    says: "CPU time for each event, for each client",
    figure: "client-cost",
    draw: (run) => {
      const all = kept(run, "client-cost", "clientCost") as ClientCost[] | undefined;
      if (all === undefined) return [];
      const panel = "one response in a burst";
      return [
        bars(
          all.map(({ client, cpuUs }): Bar => ({ client, panel, ...spread(cpuUs) })),
          {
            title: "CPU time of the client for each event",
            subtitle: "the whole process; median and quartiles",
            x: "microseconds",
            format: ".1f",
            panels: [panel],
            columns: 1,
            width: 420,
          },
        ),
      ];
    },
  },
];

/** Writes a plot for each figure that was measured. Returns the plots. */
export async function drawAll(run: Run, folder: URL): Promise<Plot[]> {
  await mkdir(folder, { recursive: true });
  const drawn: Plot[] = [];
  for (const plot of plots) {
    for (const spec of plot.draw(run)) {
      await writeFile(new URL(`${plot.name}.svg`, folder), await svgOf(spec));
      drawn.push(plot);
    }
  }
  return drawn;
}

function chatsOf(run: Run): Chat[] {
  return ((kept(run, "chat", "chat") as Chat[] | undefined) ?? []).filter(({ rttMs }) => rttMs === 40);
}

/** The median of each turn and its four neighbours. It leaves out the first turn, which connects. */
function smooth(values: readonly number[]): Array<{ x: number; y: number }> {
  const from = 1;
  return values.slice(from).map((_, index) => {
    const at = index + from;
    return { x: at + 1, y: median(values.slice(Math.max(from, at - 2), at + 3)) };
  });
}

function spread(values: readonly number[]): { value: number; low: number; high: number } {
  return { value: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}
