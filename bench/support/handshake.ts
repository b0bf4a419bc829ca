import { once } from "node:events";
import { WebSocket } from "ws";
import { monotonicMs } from "./time.ts";

/** Milliseconds until a WebSocket is open, as a bare one of `ws` takes them. */
export async function handshakeMs(baseURL: string): Promise<number> {
  const startedAt = monotonicMs();
  const socket = new WebSocket(`${baseURL.replace("http", "ws")}/responses`, { perMessageDeflate: false });
  await once(socket, "open");
  const tookMs = monotonicMs() - startedAt;
  socket.terminate();
  return tookMs;
}
