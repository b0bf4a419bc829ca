import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A client in the comparison. Its code is `clients/<id>.ts`. */
export interface Peer {
  readonly id: string;
  readonly name: string;
  readonly transport: "WebSocket" | "HTTP";
  /** The packages that a user installs. The `import` figure measures the first. */
  readonly packages: readonly string[];
  readonly configured: string;
}

export const peers = [
  {
    id: "turnwire-ws",
    name: "turnwire WebSocket",
    transport: "WebSocket",
    packages: ["turnwire"],
    configured: "`OpenAIResponsesLLMService`, all defaults; `store: false`",
  },
  {
    id: "turnwire-http",
    name: "turnwire HTTP",
    transport: "HTTP",
    packages: ["turnwire"],
    configured:
      "`OpenAIResponsesHttpLLMService`, all defaults; `store: false`, sends the whole conversation every time",
  },
  {
    id: "raw-ws",
    name: "raw ws loop",
    transport: "WebSocket",
    packages: ["ws"],
    configured:
      "the floor: one socket, `JSON.parse` for each event, gathers the text, responses chained by hand; `store: false`",
  },
  {
    id: "openai-ws",
    name: "openai ResponsesWS",
    transport: "WebSocket",
    packages: ["openai"],
    configured: "`ResponsesWS`, its `event` listener, responses chained by hand; `store: false`",
  },
  {
    id: "openai-agents",
    name: "@openai/agents",
    transport: "WebSocket",
    packages: ["@openai/agents"],
    configured:
      "`OpenAIProvider` with `useResponsesWebSocket`, a `Runner` per conversation, `previousResponseId`; responses stored by default; tracing off",
  },
  {
    // Version 2.0.0 of the plugin, the `latest` of the registry, is an older source for `@livekit/agents` 1.1.0 and has no
    // Responses API. 1.9.0 is the newest version for `@livekit/agents` 1.9.
    id: "livekit",
    name: "@livekit/agents",
    transport: "WebSocket",
    packages: ["@livekit/agents-plugin-openai", "@livekit/agents", "@livekit/rtc-node"],
    configured:
      "the OpenAI plugin's `responses.LLM` (a WebSocket by default), `chat()` with a copy of the context per turn; responses stored by default",
  },
  {
    id: "openai-http",
    name: "openai HTTP",
    transport: "HTTP",
    packages: ["openai"],
    configured: "`responses.create({ stream: true })`, sends the whole conversation every time; `store: false`",
  },
  {
    id: "openai-http-stored",
    name: "openai HTTP, stored",
    transport: "HTTP",
    packages: ["openai"],
    configured: "the same with `store: true` and `previous_response_id`: the provider keeps the conversation",
  },
  {
    id: "ai-sdk",
    name: "ai + @ai-sdk/openai",
    transport: "HTTP",
    packages: ["@ai-sdk/openai", "ai"],
    configured: "`streamText`; the caller keeps the messages, tools run in steps; `store: false`",
  },
] as const satisfies readonly Peer[];

/** turnwire with a second connection kept open. */
const standby = {
  id: "turnwire-ws-standby",
  name: "turnwire WebSocket, standby",
  transport: "WebSocket",
  packages: ["turnwire"],
  configured: "the same with `standby: true`: it keeps a second connection open; measured for interruptions only",
} as const satisfies Peer;

const [turnwire, ...others] = peers;

/** The clients of the scenario in which a client may leave a connection. */
export const peersAndStandby = [turnwire, standby, ...others] as const;

export type PeerId = (typeof peersAndStandby)[number]["id"];

export const floor: PeerId = "raw-ws";

export function peerOf(id: PeerId): Peer {
  return peersAndStandby.find((peer) => peer.id === id)!;
}

/** The installed version of a package. */
export function versionOf(name: string): string {
  const file = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url));
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
