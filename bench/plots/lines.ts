import { colourScale, type Spec } from "./plot.ts";
import { type PeerId, peerOf } from "../support/peers.ts";

export interface Line {
  client: PeerId;
  points: Array<{ x: number; y: number }>;
}

export interface LineOptions {
  title: string;
  subtitle: string;
  x: string;
  y: string;
  log?: boolean;
  yDomain?: [number, number];
}

const width = 560;
const height = 320;
/** Labels closer than this would overlap. */
const labelGap = 15;

/** Draws lines, each with its name at its end. */
export function lines(all: readonly Line[], options: LineOptions): Spec {
  const { title, subtitle, x, y, log = false } = options;
  const values = all.flatMap(({ client, points }) =>
    points.map((point) => ({ ...point, client: peerOf(client).name })),
  );
  const domain =
    options.yDomain ??
    extent(
      values.map((value) => value.y),
      log,
    );
  const colour = { field: "client", type: "nominal" as const, scale: colourScale(), legend: null };
  const last = Math.max(...values.map((value) => value.x));
  return {
    title: { text: title, subtitle },
    width,
    height,
    layer: [
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2, interpolate: "linear" },
        encoding: {
          x: {
            field: "x",
            type: "quantitative",
            title: x,
            scale: { domain: [1, last], nice: false },
            axis: { grid: false },
          },
          y: {
            field: "y",
            type: "quantitative",
            title: y,
            scale: { type: log ? "log" : "linear", domain, nice: false },
            axis: { tickCount: 6, ...(log ? { format: "~s" } : {}) },
          },
          color: colour,
        },
      },
      {
        data: { values: labels(all, domain, log) },
        mark: { type: "text", align: "left", baseline: "middle", dx: 8, fontWeight: 600 },
        encoding: {
          x: { value: width },
          y: { field: "pixel", type: "quantitative", scale: null, axis: null },
          text: { field: "client" },
          color: colour,
        },
      },
    ],
    resolve: { scale: { y: "independent" } },
  };
}

function extent(values: readonly number[], log: boolean): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least) * 0.08;
  return log ? [least / 1.5, most * 1.5] : [Math.max(0, least - margin), most + margin];
}

/** Places the names at the ends of their lines and moves apart those that would overlap. */
function labels(
  all: readonly Line[],
  [from, to]: [number, number],
  log: boolean,
): Array<{ client: string; pixel: number }> {
  const at = (value: number): number => (log ? Math.log(value) : value);
  const placed = all
    .map(({ client, points }) => {
      const end = points.at(-1)!.y;
      return { client: peerOf(client).name, pixel: height * (1 - (at(end) - at(from)) / (at(to) - at(from))) };
    })
    .toSorted((a, b) => a.pixel - b.pixel);
  for (let round = 0; round < 200; round += 1) {
    for (let index = 1; index < placed.length; index += 1) {
      const [upper, lower] = [placed[index - 1]!, placed[index]!];
      const missing = labelGap - (lower.pixel - upper.pixel);
      if (missing <= 0) continue;
      upper.pixel -= missing / 2;
      lower.pixel += missing / 2;
    }
    const over = Math.max(0, (placed.at(-1)?.pixel ?? 0) - (height - 4));
    for (const label of placed) label.pixel -= over > 0 && label.pixel > height / 2 ? over : 0;
  }
  return placed;
}
