import { describe, expect, it } from "vitest";
import { type PcmAudio, InputAudioRawFrame } from "turnwire/internal";
import { EndFrame } from "turnwire";
import { PipelineTask } from "turnwire";
import { InputTransport, type InputTransportOptions } from "../../src/transports/index.ts";
import { RecordingLogger, settle, VirtualClock } from "@turnwire/test-kit";
import { audio, Witness } from "./support.ts";

class Microphone extends InputTransport {
  readonly calls: string[] = [];

  protected override start(): void {
    this.calls.push("start");
  }

  protected override stop(): void {
    this.calls.push("stop");
  }

  override receiveAudio(data: PcmAudio): void {
    super.receiveAudio(data);
  }

  override flushAudio(): void {
    super.flushAudio();
  }

  override requestEnd(): Promise<void> {
    return super.requestEnd();
  }

  override requestCancel(): Promise<void> {
    return super.requestCancel();
  }
}

function pipeline(options: InputTransportOptions = {}): {
  microphone: Microphone;
  heard: () => InputAudioRawFrame[];
  witness: Witness;
  task: PipelineTask;
} {
  const microphone = new Microphone(options);
  const witness = new Witness(new VirtualClock());
  const task = new PipelineTask([microphone, witness], { logger: new RecordingLogger() });
  const heard = (): InputAudioRawFrame[] => witness.frames.filter((frame) => frame instanceof InputAudioRawFrame);
  return { microphone, witness, task, heard };
}

describe("an input", () => {
  it("pushes frames of one length and one format", async () => {
    const { microphone, heard, task } = pipeline();
    const ran = task.run();
    await settle();
    for (const ms of [5, 33, 1, 50]) microphone.receiveAudio(audio(ms, 0, 16_000));
    await settle();
    expect(heard().map((frame) => frame.audio.length)).toEqual([640, 640, 640, 640]);
    microphone.receiveAudio({ audio: new Uint8Array(2 * 2 * 480), sampleRate: 48_000, channels: 2 });
    microphone.flushAudio();
    await settle();
    // The rest is filled up with silence.
    expect(heard().map((frame) => frame.audio.length)).toEqual(Array.from({ length: 5 }, () => 640));
    expect(heard()[4]).toMatchObject({ sampleRate: 16_000, channels: 1 });
    microphone.flushAudio();
    await settle();
    expect(heard().length).toBe(5);
    await task.cancel();
    await ran;
    expect(microphone.calls).toEqual(["start", "stop"]);
    microphone.receiveAudio(audio(100, 0, 16_000));
    await settle();
    expect(heard().length).toBe(5);
  });

  it("holds what comes before the pipeline has started, the newest of it", async () => {
    const { microphone, heard, task } = pipeline({ chunkMs: 10 });
    for (let value = 0; value < 100; value += 1) microphone.receiveAudio(audio(10, value, 16_000));
    const ran = task.run();
    await settle();
    expect(heard().map((frame) => frame.audio[0])).toEqual(Array.from({ length: 64 }, (_, index) => 36 + index));
    await task.cancel();
    await ran;
  });

  it("asks for the end, in order, also before the start", async () => {
    const { microphone, witness, task } = pipeline();
    microphone.receiveAudio(audio(20, 1, 16_000));
    await microphone.requestEnd();
    await task.run();
    expect(witness.down.map(([, what]) => what)).toEqual(["Start", "InputAudioRaw", "End"]);
    expect(microphone.calls).toEqual(["start", "stop"]);
  });

  it("asks for the end at once", async () => {
    const { microphone, task } = pipeline();
    const outcomes: string[] = [];
    task.on("finished", ({ kind }) => void outcomes.push(kind));
    const ran = task.run();
    await settle();
    await microphone.requestCancel();
    await ran;
    expect(outcomes).toEqual(["cancelled"]);
    expect(microphone.calls).toEqual(["start", "stop"]);
  });

  it("does not end for an EndFrame that only asks for it", async () => {
    const { microphone, witness, task } = pipeline();
    const ran = task.run();
    await settle();
    void witness.pushFrame(new EndFrame(), "upstream");
    await ran;
    expect(microphone.calls).toEqual(["start", "stop"]);
    expect(witness.down.at(-1)).toEqual([0, "End"]);
  });
});
