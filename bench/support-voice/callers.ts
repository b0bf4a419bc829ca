/** A process with the clients of `own/voice.ts`. Each says the same sentence in real time, again and again. */
import { setTimeout as delay } from "node:timers/promises";
import { readWav, splitAudio } from "@turnwire/voice";
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";

const [url, wav, callers, seconds] = JSON.parse(process.argv[2]!) as [string, string, number, number];
const chunkMs = 20;
const audio = readWav(readFileSync(wav));
const chunks = splitAudio(audio, chunkMs);
const periodMs = chunks.length * chunkMs;
let heardBytes = 0;

async function call(number: number): Promise<void> {
  // Spread over a period, so that the callers do not all speak at once.
  await delay((number * periodMs) / callers);
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.on("message", (data: Buffer, isBinary) => (heardBytes += isBinary ? data.length : 0));
  const { sampleRate, channels } = audio;
  socket.send(JSON.stringify({ type: "hello", version: 1, input: { sampleRate, channels } }));
  const startMs = performance.now();
  for (let sent = 0; sent * chunkMs < seconds * 1000; sent += 1) {
    const waitMs = startMs + sent * chunkMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    socket.send(chunks[sent % chunks.length]!.audio);
  }
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.close(1000);
  await closed;
}

await Promise.all(Array.from({ length: callers }, (_, number) => call(number)));
process.send!({ heardBytes }, () => process.disconnect());
