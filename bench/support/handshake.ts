import { once } from "node:events";
import { WebSocket } from "ws";
import { monotonicMs } from "./time.ts";

/** Returns the milliseconds until a bare WebSocket of `ws` is open. */
export async function handshakeMs(baseURL: string): Promise<number> {
  const startedAt = monotonicMs();
  const socket = new WebSocket(`${baseURL.replace("http", "ws")}/responses`, { perMessageDeflate: false });
  await once(socket, "open");
  const tookMs = monotonicMs() - startedAt;
  socket.terminate();
  return tookMs;
}
