import type { Chat } from "./scenarios/chat.ts";
import type { ClientCost } from "./scenarios/client-cost.ts";
import type { FirstTurn } from "./scenarios/first-turn.ts";
import type { Interrupted } from "./scenarios/interruption.ts";
import type { Summary } from "./scenarios/load.ts";
import type { LongChat } from "./scenarios/long-chat.ts";
import type { ToolLoop } from "./scenarios/tool-loop.ts";
import type { IdleMemory } from "./tasks/idle.ts";
import { type PeerId, peers } from "./support/peers.ts";
import type { Table } from "./support/report.ts";
import { kept, type Run } from "./support/run.ts";
import { median } from "./support/statistics.ts";

interface Measure {
  readonly name: string;
  /** A value of which less is better; undefined if it was not measured or the client cannot do it. */
  readonly of: (run: Run, client: PeerId) => number | undefined;
}

const measures: readonly Measure[] = [
  { name: "first text, chat", of: (run, id) => medianOf(chatOf(run, id)?.firstTextMs.slice(1)) },
  { name: "first text, long chat, 20 Mbit/s", of: (run, id) => medianOf(longChatOf(run, id)?.firstTextMs.slice(-5)) },
  { name: "bytes of turn 50", of: (run, id) => chatOf(run, id)?.bytes.at(-1) },
  { name: "tool loop", of: (run, id) => medianOf(loopOf(run, id, false)?.totalMs) },
  { name: "tool loop, 20 Mbit/s", of: (run, id) => medianOf(loopOf(run, id, true)?.totalMs) },
  { name: "interruption, lanes", of: (run, id) => medianOf(interruptedOf(run, id, "lanes")?.afterMs) },
  { name: "interruption, no lanes, no cancel", of: (run, id) => medianOf(interruptedOf(run, id, "neither")?.afterMs) },
  {
    name: "first turn, cold",
    of: (run, id) => medianOf(firstTurnOf(run, id)?.coldMs),
  },
  { name: "CPU per event", of: (run, id) => costOf(run, id)?.ratio },
  { name: "CPU per word, 1,000 conversations", of: (run, id) => loadOf(run, id, 1000)?.cpuUsPerEvent },
  { name: "first text, 1,000 conversations, p99", of: (run, id) => loadOf(run, id, 1000)?.firstTextMs.p99 },
  { name: "heap of an idle conversation", of: (run, id) => idleOf(run, id)?.heap },
];

/**
 * Compares every client with turnwire's WebSocket service, as ratios. A dash stands for a client that was not measured.
 */
export function overview(run: Run): Table | undefined {
  const others = peers.filter(({ id }) => id !== "turnwire-ws");
  const rows = measures.flatMap(({ name, of }) => {
    const ours = of(run, "turnwire-ws");
    return ours === undefined ? [] : [[name, ...others.map(({ id }) => against(of(run, id), ours))]];
  });
  return rows.length === 0
    ? undefined
    : { head: ["against turnwire WebSocket", ...others.map(({ name }) => name)], rows };
}

function against(theirs: number | undefined, ours: number): string {
  return theirs === undefined ? "–" : `${(theirs / ours).toFixed(2)} ×`;
}

function medianOf(times: readonly number[] | undefined): number | undefined {
  return times === undefined || times.length === 0 ? undefined : median(times);
}

function ofClient(all: unknown, id: PeerId): unknown {
  return (all as ReadonlyArray<{ client: PeerId }> | undefined)?.find(({ client }) => client === id);
}

function chatOf(run: Run, id: PeerId): Chat | undefined {
  const chats = kept(run, "chat", "chat") as Chat[] | undefined;
  return chats?.find(({ client, rttMs }) => client === id && rttMs === 40);
}

function longChatOf(run: Run, id: PeerId): LongChat | undefined {
  return ofClient(kept(run, "long-chat", "longChat"), id) as LongChat | undefined;
}

function loopOf(run: Run, id: PeerId, wanted: boolean): ToolLoop | undefined {
  const loops = kept(run, "tool-loop", "toolLoop") as ToolLoop[] | undefined;
  return loops?.find(({ client, rttMs, limited }) => client === id && rttMs === 40 && limited === wanted);
}

function interruptedOf(run: Run, id: PeerId, wanted: string): Interrupted | undefined {
  const all = kept(run, "interruption-peers", "interruptionOfPeers") as Interrupted[] | undefined;
  return all?.find(({ client, server }) => client === id && server === wanted);
}

function firstTurnOf(run: Run, id: PeerId): FirstTurn | undefined {
  return ofClient(kept(run, "first-turn", "firstTurn"), id) as FirstTurn | undefined;
}

function costOf(run: Run, id: PeerId): ClientCost | undefined {
  return ofClient(kept(run, "client-cost", "clientCost"), id) as ClientCost | undefined;
}

function loadOf(run: Run, id: PeerId, count: number): Summary | undefined {
  const all = kept(run, "load", "load") as Summary[] | undefined;
  return all?.find(({ client, conversations }) => client === id && conversations === count);
}

function idleOf(run: Run, id: PeerId): IdleMemory | undefined {
  return (kept(run, "load", "idleMemory") as Partial<Record<PeerId, IdleMemory>> | undefined)?.[id];
}
