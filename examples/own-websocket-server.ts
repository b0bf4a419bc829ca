/** The other end of `own-websocket-llm.ts`: repeats the last message, word by word. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";

type Message = { ask: ReadonlyArray<{ content: string }> } | { stop: true };

/** @param wordMs How long a word takes, in milliseconds. */
export async function startOwnServer(wordMs = 20): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => serve(socket, wordMs));
  const address = server.address();
  return { server, url: `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}` };
}

function serve(socket: WebSocket, wordMs: number): void {
  let stop = new AbortController();
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    stop.abort();
    if ("ask" in message)
      void repeat(message.ask.at(-1)?.content ?? "", socket, wordMs, (stop = new AbortController()));
  });
}

async function repeat(text: string, socket: WebSocket, wordMs: number, { signal }: AbortController): Promise<void> {
  for (const say of text.split(/(?<= )/)) {
    await delay(wordMs);
    if (signal.aborted) break;
    socket.send(JSON.stringify({ say }));
  }
  socket.send(JSON.stringify({ done: true }));
}
