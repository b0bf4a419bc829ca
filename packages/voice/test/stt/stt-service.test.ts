import { expect, test } from "vitest";
import { type Frame, TranscriptionFrame } from "turnwire";
import {
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  STTUpdateSettingsFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { STTService, WebsocketSTTService, type WebsocketSTTServiceOptions } from "../../src/stt/index.ts";
import { between, MemoryNetwork, RecordingLogger, Scripted, settle, VirtualClock } from "@turnwire/test-kit";

/** Hears as many words as there are bytes, on this machine. */
class LocalSTT extends STTService {
  readonly model = "local";
  heard = 0;

  override updateSettings(): Promise<void> {
    return Promise.reject(new Error("nothing to change"));
  }

  protected override async runSTT(audio: Uint8Array): Promise<void> {
    this.heard += audio.length;
    await this.transcribed({ text: ` ${this.heard} `, final: false, endOfSpeech: false });
  }

  protected override async finalize(): Promise<void> {
    await this.transcribed({ text: `${this.heard} in all`, final: true, endOfSpeech: true });
  }
}

/** A protocol with plain audio and no keep-alive message: `{"until":ms,"text":"…"}` is a final. */
class SomeSTT extends WebsocketSTTService {
  readonly model = "some";

  override async updateSettings(): Promise<void> {
    await this.reconnect();
  }

  protected override websocketTarget(): { url: string } {
    return { url: "ws://memory.test" };
  }

  protected override async readMessage(message: string | Uint8Array): Promise<void> {
    const { until, text } = JSON.parse(String(message)) as { until: number; text: string };
    await this.heard({ text, final: true, endOfSpeech: false });
    this.acknowledge(until);
  }
}

const bytesSent = ({ last }: MemoryNetwork): number[] => last.sent.map(({ length }) => length);

const audioOf = (bytes: number, sampleRate = 1000): InputAudioRawFrame =>
  new InputAudioRawFrame({ audio: new Uint8Array(bytes), sampleRate, channels: 1 });

function placed(stt: STTService): { out: Frame[]; errors: string[] } {
  const out: Frame[] = [];
  const errors: string[] = [];
  const above = new Scripted((frame) => void errors.push("error" in frame ? String(frame.error) : ""));
  above.link(stt);
  stt.link(new Scripted((frame) => void out.push(frame)));
  return { out, errors };
}

function some(options: WebsocketSTTServiceOptions = {}): {
  stt: SomeSTT;
  network: MemoryNetwork;
  clock: VirtualClock;
  out: Frame[];
} {
  const network = new MemoryNetwork();
  const clock = new VirtualClock();
  const stt = new SomeSTT({
    sampleRate: 1000,
    environment: { socketFactory: network.factory, clock },
    heartbeat: false,
    logger: new RecordingLogger(),
    ...options,
  });
  return { stt, network, clock, out: placed(stt).out };
}

test("a service of its own kind needs runSTT and transcribed only; frames pass, settings do not", async () => {
  const stt = new LocalSTT();
  const { out, errors } = placed(stt);
  await stt.queueFrame(audioOf(20));
  await stt.queueFrame(new STTUpdateSettingsFrame({}));
  await stt.queueFrame(new VADUserStoppedSpeakingFrame());
  await settle();
  expect(stt.sampleRate).toBe(1000);
  expect(out.map((frame) => frame.constructor.name).toSorted()).toEqual([
    "InputAudioRawFrame",
    "InterimTranscriptionFrame",
    "MetricsFrame",
    "TranscriptionFrame",
    "VADUserStoppedSpeakingFrame",
  ]);
  expect(out.find((frame) => frame instanceof InterimTranscriptionFrame)?.text).toBe("20");
  expect(out.find((frame) => frame instanceof TranscriptionFrame)?.text).toBe("20 in all");
  expect(errors).toEqual([expect.stringContaining("could not change its settings")]);
});

test("audio that travels upstream is not the user's", async () => {
  const stt = new LocalSTT();
  const { above } = between(stt);
  await stt.queueFrame(audioOf(20), "upstream");
  await settle();
  expect(stt.heard).toBe(0);
  expect(above.seenUpstream).toEqual(["InputAudioRawFrame"]);
});

test("a provider without a keep-alive message gets silence, which counts as audio", async () => {
  const { stt, network, clock } = some({ keepAliveIntervalMs: 1000 });
  stt.start();
  await settle();
  await stt.queueFrame(audioOf(500));
  await clock.advance(1000);
  await stt.queueFrame(audioOf(400));
  await settle();
  expect(bytesSent(network)).toEqual([500, 200, 400]);
  // All but the last 50 ms are settled.
  network.last.send('{"until":500,"text":"Hi."}');
  await settle();
  network.last.drop();
  await settle();
  expect(bytesSent(network)).toEqual([100]);
  await stt.stop();
  expect(clock.pending).toBe(0);
});

test("a provider that acknowledges the audio itself gets the rest again, after settings and after a loss", async () => {
  const { stt, network, out } = some();
  stt.start();
  await settle();
  for (let count = 0; count < 10; count += 1) await stt.queueFrame(audioOf(20));
  await settle();
  network.last.send('{"until":35,"text":"One"}');
  await settle();
  await stt.updateSettings();
  expect(bytesSent(network)).toEqual([10, ...Array.from({ length: 6 }, () => 20)]);
  network.last.send('{"until":5,"text":"two"}');
  await settle();
  network.last.drop();
  await settle();
  expect(bytesSent(network)).toEqual([...Array.from({ length: 6 }, () => 20)]);
  expect(out.filter((frame) => frame instanceof TranscriptionFrame).map(({ text }) => text)).toEqual(["One", "two"]);
  await stt.stop();
});

test("a final of audio that is settled already is not said twice", async () => {
  class Timed extends SomeSTT {
    protected override async readMessage(message: string | Uint8Array): Promise<void> {
      const { from, until, text } = JSON.parse(String(message)) as { from: number; until: number; text: string };
      await this.heard({ text, final: true, endOfSpeech: false, startMs: from, endMs: until });
    }
  }
  const network = new MemoryNetwork();
  const stt = new Timed({ sampleRate: 1000, environment: { socketFactory: network.factory }, heartbeat: false });
  const { out } = placed(stt);
  stt.start();
  await settle();
  await stt.queueFrame(audioOf(400));
  await settle();
  network.last.send('{"from":0,"until":100,"text":"One"}', '{"from":0,"until":100,"text":"one"}');
  network.last.send('{"from":90,"until":200,"text":"two"}');
  await settle();
  expect(out.filter((frame) => frame instanceof TranscriptionFrame).map(({ text }) => text)).toEqual(["One", "two"]);
  await stt.cancel();
});

test("audio before the start, after the stop and after giving up is not kept", async () => {
  const { stt, network } = some();
  await stt.queueFrame(audioOf(20));
  await settle();
  expect(network.sockets).toEqual([]);
  stt.start();
  await settle();
  expect(network.last.sent).toEqual([]);
  network.last.close(1008);
  await settle();
  await stt.queueFrame(audioOf(20));
  await settle();
  await stt.connect();
  expect(network.last.sent).toEqual([]);
  await stt.stop();
  await stt.queueFrame(audioOf(20));
  await settle();
  expect(network.sockets).toHaveLength(2);
  expect(network.openCount).toBe(0);
});
