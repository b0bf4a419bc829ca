import { DeepgramClient } from "@deepgram/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SpeechServer, toneAudio } from "../../src/speech/index.ts";
import { quiet } from "./support/speech-client.ts";

/** Deepgram's own client, which cannot share our mistakes about the protocol. */
function clientOf(server: SpeechServer, apiKey = "right"): DeepgramClient {
  const http = server.url.replace("ws", "http");
  return new DeepgramClient({
    apiKey,
    environment: { base: http, production: server.url, agent: server.url, agentRest: http },
  });
}

describe("the official client", () => {
  let server: SpeechServer;
  beforeAll(async () => {
    const script = ["Hello,", "Ada."].map((word, index) => ({ word, startMs: 500 * index, endMs: 500 * index + 400 }));
    server = await SpeechServer.start({ voice: "tones", apiKeys: ["right"], script });
  });
  afterAll(() => server.close());

  it("hears what the script says", async () => {
    const connection = await clientOf(server).listen.v1.connect({
      model: "nova-3",
      encoding: "linear16",
      sample_rate: 16_000,
      channels: 1,
      interim_results: "true",
      utterance_end_ms: 1_000,
      vad_events: "true",
      punctuate: "true",
      endpointing: 300,
      Authorization: "Token right",
    });
    const told: unknown[] = [];
    connection.on("message", (message) => {
      if (message.type !== "Results") told.push(message.type);
      else told.push([message.is_final, message.speech_final, message.channel.alternatives[0]!.transcript]);
    });
    const closed = new Promise<number>((resolve) => connection.on("close", ({ code }) => resolve(code)));
    connection.connect();
    await connection.waitForOpen();
    connection.sendKeepAlive({ type: "KeepAlive" });
    for (let sent = 0; sent < 1_950; sent += 50) connection.sendMedia(quiet(50));
    connection.sendFinalize({ type: "Finalize" });
    connection.sendCloseStream({ type: "CloseStream" });
    expect(await closed).toBe(1000);
    connection.close();
    expect(told).toEqual([
      "SpeechStarted",
      [false, false, "Hello, Ada."],
      [true, true, "Hello, Ada."],
      "UtteranceEnd",
      [true, true, ""],
      "Metadata",
    ]);
  });

  it("gets the text spoken", async () => {
    const connection = await clientOf(server).speak.v1.connect({
      model: "aura-2-thalia-en",
      encoding: "linear16",
      sample_rate: "16000",
      Authorization: "Token right",
    });
    const told: string[] = [];
    const audio: Blob[] = [];
    const cleared = Promise.withResolvers<void>();
    connection.on("message", (message: unknown) => {
      // The package's types have none for audio.
      if (message instanceof Blob) return void audio.push(message);
      const { type } = message as { type: string };
      told.push(type);
      if (type === "Flushed") connection.sendClear({ type: "Clear" });
      if (type === "Cleared") cleared.resolve();
    });
    const closed = new Promise<number>((resolve) => connection.on("close", ({ code }) => resolve(code)));
    connection.connect();
    await connection.waitForOpen();
    connection.sendText({ type: "Speak", text: "Hello, Ada." });
    connection.sendFlush({ type: "Flush" });
    await cleared.promise;
    connection.sendClose({ type: "Close" });
    expect(await closed).toBe(1000);
    connection.close();
    expect(told).toEqual(["Metadata", "Flushed", "Cleared"]);
    const bytes = Buffer.from(await new Blob(audio).arrayBuffer());
    expect(bytes.equals(toneAudio("Hello, Ada.", 16_000).audio)).toBe(true);
  });
});
