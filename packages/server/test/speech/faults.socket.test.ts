import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { SpeechServer, type SpeechServerOptions, toneAudio } from "../../src/speech/index.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { quiet, SpeechClient, transcriptOf, type WireMessage } from "./support/speech-client.ts";

const script = ["one", "two", "three"].map((word, index) => ({ word, startMs: 300 * index, endMs: 300 * index + 200 }));

async function start(options: SpeechServerOptions = {}): Promise<SpeechServer> {
  return await SpeechServer.start({ voice: "tones", script, ...options });
}

async function listen(server: SpeechServer): Promise<SpeechClient> {
  return await SpeechClient.connect(`${server.listenURL}?encoding=linear16&sample_rate=16000&endpointing=50`);
}

async function speak(server: SpeechServer): Promise<SpeechClient> {
  return await SpeechClient.connect(`${server.speakURL}?sample_rate=16000`);
}

const dropped = { code: 1006, reason: "" };

describe("a fault", () => {
  it("refuses an upgrade, as often as asked for", async () => {
    await using server = await start({ faults: [{ fault: "refuse", status: 429, path: "listen", times: 2 }] });
    const refusals = [await SpeechClient.refused(server.listenURL), await SpeechClient.refused(server.listenURL)];
    expect(refusals.map(({ status, body }) => [status, body["err_code"]])).toEqual([
      [429, "FAULT"],
      [429, "FAULT"],
    ]);
    await using client = await listen(server);
    expect(client.requestId).toBeDefined();
    expect(server.faults.pending).toEqual([]);
  });

  it("makes an upgrade wait", async () => {
    const clock = new VirtualClock();
    await using server = await start({ environment: { clock }, faults: [{ fault: "delay", ms: 3_000 }] });
    const connecting = listen(server);
    await expect.poll(() => clock.pendingMs).toEqual([3_000]);
    await clock.advance(3_000);
    await using client = await connecting;
    expect(client.requestId).toBeDefined();
  });

  it("closes or drops a connection as soon as it is open, the third in a row too", async () => {
    await using server = await start({
      faults: [
        { fault: "close", code: 1011, reason: "NET-0000", times: 2 },
        { fault: "drop", connection: 3 },
      ],
    });
    const ends = [];
    for (let count = 0; count < 3; count += 1) {
      const client = await speak(server);
      ends.push(await client.closed);
      expect(client.unread).toEqual([]);
    }
    expect(ends).toEqual([{ code: 1011, reason: "NET-0000" }, { code: 1011, reason: "NET-0000" }, dropped]);
  });

  it("drops a connection in the middle of the audio that comes in, behind what was heard before", async () => {
    await using server = await start({ faults: [{ fault: "drop", path: "listen", afterAudioMs: 555 }] });
    await using client = await listen(server);
    client.send(quiet(2_000));
    expect(await client.closed).toEqual(dropped);
    expect(client.unread.map((message) => transcriptOf(message as WireMessage))).toEqual(["one", "two"]);
    expect(server.connections[0]).toMatchObject({ audioMs: 555, closed: { code: 1006 } });
    await using next = await listen(server);
    next.send(quiet(2_000));
    for (const word of ["one", "two", "three"]) expect(transcriptOf(await next.message())).toBe(word);
  });

  it("drops a connection in the middle of the audio that goes out", async () => {
    await using server = await start({ faults: [{ fault: "drop", path: "speak", afterAudioMs: 250 }] });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "Hello there, this is long." });
    client.send({ type: "Flush" });
    expect(await client.closed).toEqual(dropped);
    const audio = Buffer.concat(client.unread.filter((one): one is Buffer => Buffer.isBuffer(one)));
    const whole = Buffer.from(toneAudio("Hello there, this is long.", 16_000).audio);
    expect(audio.equals(whole.subarray(0, 8_000))).toBe(true);
  });

  it("strikes before the message with which too many bytes would have been sent", async () => {
    await using server = await start({
      faults: [{ fault: "close", code: 1012, path: "speak", afterSentBytes: 7_000 }],
    });
    await using client = await speak(server);
    await client.until("Metadata");
    client.send({ type: "Speak", text: "Hello there." });
    client.send({ type: "Flush" });
    expect(await client.closed).toEqual({ code: 1012, reason: "" });
    // Metadata and two messages of 3200 bytes.
    expect(client.unread.map((one) => (one as Buffer).length)).toEqual([3_200, 3_200]);
  });

  it("leaves a connection half open: no answer, no pong, and everything when it has passed", async () => {
    const clock = new VirtualClock();
    await using server = await start({
      environment: { clock },
      faults: [{ fault: "half-open", ms: 5_000, afterAudioMs: 300 }],
    });
    await using client = await listen(server);
    let pongs = 0;
    client.socket.on("pong", () => (pongs += 1));
    client.send(quiet(300));
    expect(transcriptOf(await client.message())).toBe("one");
    client.send(quiet(300));
    client.socket.ping();
    // A second connection shows that everything before has been read.
    await using other = await speak(server);
    await other.settled();
    expect([client.unread, pongs]).toEqual([[], 0]);
    const pong = once(client.socket, "pong");
    await clock.advance(5_000);
    await pong;
    expect(transcriptOf(await client.message())).toBe("two");
  });

  it("keeps a connection silent, though it answers pings", async () => {
    await using server = await start({ faults: [{ fault: "silence", path: "speak" }] });
    await using client = await speak(server);
    client.send({ type: "Speak", text: "Hello." });
    client.send({ type: "Flush" });
    await client.settled();
    await client.settled();
    expect(client.unread).toEqual([]);
    expect(server.connections[0]!.received.map(({ type }) => type)).toEqual(["Speak", "Flush"]);
  });

  it("makes every message late", async () => {
    const clock = new VirtualClock();
    await using server = await start({
      environment: { clock },
      faults: [{ fault: "slow", ms: 700, afterAudioMs: 300 }],
    });
    await using client = await listen(server);
    client.send(quiet(300));
    expect(transcriptOf(await client.message())).toBe("one");
    client.send(quiet(300));
    await client.settled();
    await clock.advance(699);
    await client.settled();
    expect(client.unread).toEqual([]);
    await clock.advance(1);
    expect(transcriptOf(await client.message())).toBe("two");
  });

  it("can be taken away, and is told of", async () => {
    await using server = await start();
    const handle = server.faults.add({ fault: "drop", times: "always" });
    await using client = await listen(server);
    expect(await client.closed).toEqual(dropped);
    expect([handle.injected, server.faults.pending]).toEqual([1, [handle]]);
    server.reset();
    expect(server.faults.pending).toEqual([]);
    expect(server.connections).toEqual([]);
    await using next = await listen(server);
    await next.settled();
  });
});

describe("a live connection", () => {
  it("can be sent to, frozen, dropped and closed", async () => {
    await using server = await start();
    const clients = [await listen(server), await listen(server), await listen(server)] as const;
    const [first, second, third] = server.connections;
    first!.send('{"type":"Odd"}');
    expect(await clients[0].next()).toEqual({ type: "Odd" });
    first!.close(4000, "enough");
    expect(await clients[0].closed).toEqual({ code: 4000, reason: "enough" });
    second!.drop();
    expect(await clients[1].closed).toEqual(dropped);
    third!.freeze();
    clients[2].send(quiet(1_000));
    await using other = await speak(server);
    await other.settled();
    expect([clients[2].unread, third!.audioMs]).toEqual([[], 0]);
    clients[2].socket.terminate();
  });
});
