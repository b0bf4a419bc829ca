import type { Report } from "./support/report.ts";

type Measure = (report: Report, quick: boolean) => Promise<void>;

interface Figure {
  readonly load: () => Promise<Measure>;
  /** Whether the figure mostly waits, so that `--quick` may measure another one at the same time. */
  readonly waits?: true;
}

/** All figures, in the order of the document. The process that measures a figure loads it. */
export const figures: Record<string, Figure> = {
  // Comparisons with other clients.
  chat: { load: async () => (await import("./scenarios/chat.ts")).chat, waits: true },
  "long-chat": { load: async () => (await import("./scenarios/long-chat.ts")).longChat, waits: true },
  "other-server": { load: async () => (await import("./scenarios/other-server.ts")).otherServer, waits: true },
  "tool-loop": { load: async () => (await import("./scenarios/tool-loop.ts")).toolLoop, waits: true },
  "interruption-peers": {
    load: async () => (await import("./scenarios/interruption.ts")).interruptionOfPeers,
    waits: true,
  },
  "cut-short": { load: async () => (await import("./scenarios/cut-short.ts")).cutShort, waits: true },
  recovery: { load: async () => (await import("./scenarios/recovery.ts")).recovery, waits: true },
  "first-turn": { load: async () => (await import("./scenarios/first-turn.ts")).firstTurn, waits: true },
  "client-cost": { load: async () => (await import("./scenarios/client-cost.ts")).clientCost },
  profile: { load: async () => (await import("./profile.ts")).profile },
  load: { load: async () => (await import("./scenarios/load.ts")).load },
  marathon: { load: async () => (await import("./scenarios/marathon.ts")).marathon },
  "start-up": { load: async () => (await import("./scenarios/start-up.ts")).startUp },
  // turnwire alone, compared with a limit.
  planning: { load: async () => (await import("./own/planning.ts")).planning },
  bytes: { load: async () => (await import("./own/bytes.ts")).bytesPerTurn },
  link: { load: async () => (await import("./own/delay-proxy.ts")).delayProxy },
  interruption: { load: async () => (await import("./own/interruption.ts")).interruption },
  "cut-post-hoc": { load: async () => (await import("./own/cut-post-hoc.ts")).cutPostHoc },
  dropped: { load: async () => (await import("./own/dropped.ts")).dropped },
  fallback: { load: async () => (await import("./own/fallback.ts")).fallback },
  pool: { load: async () => (await import("./own/pool.ts")).pool },
  voice: { load: async () => (await import("./own/voice.ts")).voice },
};
