import { checkValue, is, isRecord } from "turnwire/internal";
import type { VoiceStageName, VoiceTurnRecord } from "./turn-latency.ts";

const labels: Record<VoiceStageName, string> = {
  vad: "voice → VAD stop",
  turnEnd: "→ end of turn",
  context: "→ context to LLM",
  llm: "→ first text",
  sentence: "→ first sentence",
  tts: "→ first audio",
  output: "→ audio played",
};
const labelWidth = 18;
const msWidth = 9;
const barWidth = 80 - labelWidth - msWidth - 2;

const aRecord = is.custom(
  "the record of a voice turn, as the event `turn` of a TurnLatencyObserver has it",
  (record) => isRecord(record) && Array.isArray(record["stages"]),
);

/**
 * Formats the stages of a turn as bars, one below the other, at most 80 columns wide.
 * @throws InvalidArgumentError
 */
export function formatWaterfall(record: VoiceTurnRecord): string {
  checkValue(record, "record", aRecord);
  const { turn, stages, totalMs, interrupted } = record;
  const column = (ms: number): number => (totalMs > 0 ? Math.round((ms / totalMs) * barWidth) : 0);
  let fromMs = 0;
  const rows = stages.map(({ name, ms }) => {
    const start = column(fromMs);
    fromMs += ms;
    const length = column(fromMs) - start;
    const bar = length > 0 ? "█".repeat(length) : "▏".slice(0, barWidth - start);
    return row(labels[name], ms, " ".repeat(start) + bar);
  });
  const title = `turn ${turn}${interrupted ? " (interrupted)" : ""}`;
  return [title, ...rows, row("total", totalMs, "")].join("\n");
}

function row(label: string, ms: number, bar: string): string {
  return `${label.padEnd(labelWidth)}${`${ms.toFixed(0)} ms`.padStart(msWidth)}  ${bar}`.trimEnd();
}
