import { type TopLevelSpec, compile } from "vega-lite";
import { parse, View } from "vega";
import { type PeerId, peersAndStandby } from "../support/peers.ts";

export type Spec = TopLevelSpec;

/** Readable on both a white and a dark page. */
const ink = "#7d8793";
const grid = "#7d879340";

/** turnwire stands out, the floor is neutral, and the other clients can be told apart on both backgrounds. */
const colours: Record<PeerId, string> = {
  "turnwire-ws": "#e5484d",
  "turnwire-ws-standby": "#c62a2f",
  "turnwire-http": "#f0969a",
  "raw-ws": "#7d8793",
  "openai-ws": "#3b82f6",
  "openai-agents": "#8b5cf6",
  livekit: "#12a594",
  "openai-http": "#d97706",
  "openai-http-stored": "#b59b00",
  "ai-sdk": "#d6409f",
};

export function colourScale(): { domain: string[]; range: string[] } {
  return { domain: peersAndStandby.map(({ name }) => name), range: peersAndStandby.map(({ id }) => colours[id]) };
}

export async function svgOf(spec: Spec): Promise<string> {
  const { spec: vega } = compile(
    { ...spec, background: "transparent", padding: 8 },
    {
      config: {
        font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
        view: { stroke: null },
        axis: {
          labelColor: ink,
          titleColor: ink,
          gridColor: grid,
          domainColor: grid,
          tickColor: grid,
          labelFontSize: 12,
          titleFontSize: 12,
          titleFontWeight: "normal",
          titlePadding: 10,
        },
        header: { labelColor: ink, titleColor: ink, labelFontSize: 13, labelFontWeight: "bold" },
        title: { color: ink, fontSize: 15, anchor: "start", offset: 14, subtitleColor: ink, subtitleFontSize: 12 },
        text: { fontSize: 12, color: ink },
      },
    },
  );
  const view = new View(parse(vega), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
