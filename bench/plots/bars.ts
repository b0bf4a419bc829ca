import { colourScale, type Spec } from "./plot.ts";
import { type PeerId, peerOf } from "../support/peers.ts";

export interface Bar {
  client: PeerId;
  /** The panel that shows the bar. */
  panel: string;
  value: number;
  /** The quartiles: half of the measurements lie between them. */
  low: number;
  high: number;
}

export interface BarOptions {
  title: string;
  subtitle: string;
  x: string;
  format: string;
  panels: readonly string[];
  columns: number;
  width?: number;
  /** Whether all panels share one scale. */
  shared?: boolean;
  /** The value that a dashed line marks as the ideal, by panel. */
  ideal?: Record<string, number>;
}

/** Draws a bar for each client, panel by panel, with its value next to it. */
export function bars(all: readonly Bar[], options: BarOptions): Spec {
  const { title, subtitle, x, format, panels, columns, width = 240, shared = true, ideal = {} } = options;
  const values = all.map((bar) => ({ ...bar, client: peerOf(bar.client).name, ideal: ideal[bar.panel] ?? null }));
  const y = { field: "client", type: "nominal" as const, title: null, sort: colourScale().domain };
  const panel = (name: string, index: number): object => {
    const here = values.filter((value) => value.panel === name);
    const row = { ...y, axis: index % columns === 0 ? axisOf() : null };
    const most = Math.max(...(shared ? values : here).map(({ high, value }) => Math.max(high, value)));
    return {
      title: { text: name, fontSize: 13, anchor: "start" },
      width,
      height: { step: 21 },
      data: { values: here },
      layer: [
        {
          mark: { type: "bar", height: { band: 0.72 }, cornerRadiusEnd: 2 },
          encoding: {
            y: row,
            x: {
              field: "value",
              type: "quantitative",
              title: x,
              scale: { domain: [0, most * 1.3] },
              axis: { tickCount: 4 },
            },
            color: { field: "client", type: "nominal", scale: colourScale(), legend: null },
          },
        },
        ...(ideal[name] === undefined
          ? []
          : [
              {
                mark: { type: "rule", strokeDash: [4, 3], color: "#7d8793", strokeWidth: 1.5 },
                encoding: { x: { datum: ideal[name], type: "quantitative" } },
              },
            ]),
        {
          mark: { type: "rule", color: "#7d8793", strokeWidth: 1.5 },
          encoding: { y: row, x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
        },
        {
          mark: { type: "text", align: "left", baseline: "middle", dx: 6 },
          encoding: { y: row, x: { field: "high", type: "quantitative" }, text: { field: "value", format } },
        },
      ],
    };
  };
  return {
    title: { text: title, subtitle },
    concat: panels.map(panel),
    columns,
    spacing: { column: 28, row: 24 },
    resolve: { scale: { x: "independent", y: "independent" } },
  } as Spec;
}

function axisOf(): object {
  return { labelLimit: 300, ticks: false, domain: false, labelPadding: 8 };
}
