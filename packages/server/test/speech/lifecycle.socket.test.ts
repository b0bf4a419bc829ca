import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { type SpeechEvent, SpeechServer } from "../../src/speech/index.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { quiet, SpeechClient, token } from "./support/speech-client.ts";

const script = [{ word: "secret", startMs: 0, endMs: 200 }];
const listenQuery = "encoding=linear16&sample_rate=16000&endpointing=100&model=nova-3";

describe("close()", () => {
  it("ends every connection within its limit, whatever the clients do, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const server = await SpeechServer.start({
      voice: "tones",
      script,
      environment: { clock },
      latencyMs: 500,
      realtimeFactor: 1,
    });
    const listening = await SpeechClient.connect(`${server.listenURL}?${listenQuery}`);
    listening.send(quiet(500));
    const speaking = await SpeechClient.connect(server.speakURL);
    speaking.send({ type: "Speak", text: "Something long enough to be still spoken." });
    speaking.send({ type: "Flush" });
    await speaking.until("Metadata");
    await speaking.next();
    await listening.settled();
    // A client that never answers a close frame, and one that stops in the middle of the handshake.
    const port = Number(new URL(server.url).port);
    const mute = connect(port, "127.0.0.1").on("error", () => undefined);
    mute.write(
      `GET /v1/speak HTTP/1.1\r\nhost: localhost\r\nauthorization: ${token.authorization}\r\nconnection: upgrade\r\n` +
        "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(mute, "data");
    const half = connect(port, "127.0.0.1").on("error", () => undefined);
    half.write("GET /v1/speak HTTP/1.1\r\nhost: localhost\r\n");
    server.faults.add({ fault: "delay", ms: 60_000 });
    const waiting = connect(port, "127.0.0.1").on("error", () => undefined);
    const cut = once(waiting, "close");
    waiting.write(
      `GET /v1/speak HTTP/1.1\r\nhost: localhost\r\nauthorization: ${token.authorization}\r\nconnection: upgrade\r\n` +
        "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await expect.poll(() => server.faults.pending.length).toBe(0);

    const started = performance.now();
    await Promise.all([server.close(), server.close()]);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await listening.closed).toMatchObject({ code: 1001 });
    expect(await speaking.closed).toMatchObject({ code: 1001 });
    await cut;
    expect(clock.pending).toBe(0);
    expect(server.connections.map(({ closed }) => closed === undefined)).toEqual([false, false, false]);
    await using again = await SpeechServer.start({ voice: "tones", port });
    expect(again.url).toBe(server.url);
    mute.destroy();
    half.destroy();
  });
});

describe("a connection that has ended", () => {
  it.each(["listen", "speak"] as const)("leaves no timer behind: %s", async (path) => {
    const clock = new VirtualClock();
    await using server = await SpeechServer.start({
      voice: "tones",
      script,
      environment: { clock },
      latencyMs: 500,
      realtimeFactor: 1,
    });
    const client = await SpeechClient.connect(`${server.url}/v1/${path}?${listenQuery}`);
    if (path === "listen") client.send(quiet(5_000));
    else {
      client.send({ type: "Speak", text: "Something long." });
      client.send({ type: "Flush" });
    }
    await client.settled();
    expect(clock.pending).toBe(2);
    client.socket.terminate();
    await expect.poll(() => clock.pending).toBe(0);
  });
});

describe("what was received", () => {
  it("is kept, of the latest connections and messages", async () => {
    const clock = new VirtualClock(1_000);
    await using server = await SpeechServer.start({ voice: "tones", environment: { clock }, keptConnections: 2 });
    for (let count = 0; count < 3; count += 1) {
      await using client = await SpeechClient.connect(`${server.speakURL}?tag=${count}`);
      client.send({ type: "Speak", text: `Text ${count}` });
      client.send("nonsense");
      await client.closed;
    }
    await using open = await SpeechClient.connect(`${server.listenURL}?${listenQuery}`);
    open.send(quiet(50));
    await open.settled();
    expect(server.connections).toMatchObject([
      {
        path: "speak",
        connection: 3,
        query: { tag: "2" },
        openedAtMs: 1_000,
        received: [
          { atMs: 1_000, type: "Speak", text: '{"type":"Speak","text":"Text 2"}' },
          { atMs: 1_000, type: undefined, text: "nonsense" },
        ],
        receivedBytes: 40,
        closed: { code: 1008, reason: "DATA-0000", atMs: 1_000 },
      },
      {
        path: "listen",
        connection: 1,
        requestId: open.requestId,
        receivedBytes: 1_600,
        audioMs: 50,
        closed: undefined,
      },
    ]);
  });
});

describe("the events", () => {
  it("tell what happens, and nothing of what is said", async () => {
    const clock = new VirtualClock();
    const events: SpeechEvent[] = [];
    await using server = await SpeechServer.start({
      voice: "tones",
      script,
      environment: { clock },
      realtimeFactor: 1,
      faults: [{ fault: "refuse", status: 503, path: "listen" }],
      onEvent: (event) => events.push(event),
    });
    await SpeechClient.refused(server.speakURL, {});
    await SpeechClient.refused(server.listenURL);
    await using listening = await SpeechClient.connect(`${server.listenURL}?${listenQuery}`);
    listening.send(quiet(400));
    await listening.settled();
    listening.send({ type: "CloseStream" });
    await listening.closed;
    await using speaking = await SpeechClient.connect(`${server.speakURL}?model=aura-2-thalia-en&sample_rate=16000`);
    speaking.send({ type: "Speak", text: "abc." });
    speaking.send({ type: "Flush" });
    await speaking.settled();
    await clock.advance(1_000);
    await speaking.until("Flushed");
    speaking.send({ type: "Speak", text: "Another secret." });
    speaking.send({ type: "Flush" });
    await speaking.settled();
    speaking.send({ type: "Clear" });
    await speaking.until("Cleared");
    speaking.send({ type: "Close" });
    await speaking.closed;
    await expect.poll(() => events.at(-1)?.type).toBe("closed");
    expect(events).toEqual([
      { type: "refused", path: "/v1/speak", status: 401, code: "INVALID_AUTH" },
      { type: "refused", path: "/v1/listen", status: 503, code: "FAULT" },
      { type: "opened", path: "listen", connection: 1, model: "nova-3" },
      { type: "heard", connection: 1, words: 1, startMs: 0, endMs: 300, speechFinal: true, fromFinalize: false },
      { type: "closed", path: "listen", connection: 1, code: 1000, reason: "", audioMs: 400, durationMs: 0 },
      { type: "opened", path: "speak", connection: 1, model: "aura-2-thalia-en" },
      { type: "spoken", connection: 1, characters: 4, sentMs: 440, audioMs: 440, cutShort: false },
      { type: "spoken", connection: 1, characters: 15, sentMs: 100, audioMs: 980, cutShort: true },
      { type: "closed", path: "speak", connection: 1, code: 1000, reason: "", audioMs: 540, durationMs: 1_000 },
    ]);
  });
});

describe("options", () => {
  it("limit how many connections may be open", async () => {
    await using server = await SpeechServer.start({ voice: "tones", maxConnections: 1 });
    const first = await SpeechClient.connect(server.speakURL);
    expect(await SpeechClient.refused(server.speakURL)).toMatchObject({ status: 429 });
    first.socket.terminate();
    await expect.poll(() => server.connections[0]!.closed).toBeDefined();
    await using second = await SpeechClient.connect(server.speakURL);
    expect((await second.message()).type).toBe("Metadata");
  });
});
