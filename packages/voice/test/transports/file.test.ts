import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { durationMs, readWav, writeWav, writeWavHeader, InputAudioRawFrame, TTSAudioRawFrame } from "turnwire/internal";
import { type Frame } from "turnwire";
import { type FrameDirection, FrameProcessor, PipelineTask } from "turnwire";
import { type FileInputOptions, type FileOutputOptions, FileTransport } from "../../src/transports/index.ts";
import { until, RecordingLogger, settle, VirtualClock } from "@turnwire/test-kit";
import { audio, speech, Witness } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "turnwire-"));
let files = 0;
const fresh = (): string => join(folder, `${(files += 1)}.wav`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Says back what it hears, as TTS. */
class Parrot extends FrameProcessor {
  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof InputAudioRawFrame) void this.pushFrame(new TTSAudioRawFrame(frame));
    else await this.pushFrame(frame, direction);
  }
}

/** Keeps in memory what is written to it. */
class Tape extends Writable {
  readonly #pieces: Buffer[] = [];

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.#pieces.push(piece);
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

interface Scene {
  clock: VirtualClock;
  heard: Witness;
  task: PipelineTask;
  ran: Promise<void>;
}

function scene(
  options: { input?: FileInputOptions; output?: FileOutputOptions; pace?: "realtime" | "none" },
  middle: FrameProcessor[] = [],
): Scene {
  const clock = new VirtualClock(5000);
  const logger = new RecordingLogger();
  const transport = new FileTransport({ environment: { clock }, logger, ...options });
  const heard = new Witness(clock);
  const processors: FrameProcessor[] = [heard, ...middle];
  if (options.input !== undefined) processors.unshift(transport.input());
  if (options.output !== undefined) processors.push(transport.output());
  const task = new PipelineTask(processors, { environment: { clock }, logger });
  const ran = task.run();
  ran.catch(() => undefined);
  return { clock, heard, task, ran };
}

/** Lets time pass while files are read and written, until the promise settles. */
async function play(clock: VirtualClock, ran: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  ran.finally(() => done.abort()).catch(() => undefined);
  while (!done.signal.aborted) await clock.advance(5);
}

const chunks = (heard: Witness): InputAudioRawFrame[] =>
  heard.frames.filter((frame) => frame instanceof InputAudioRawFrame);
const bytesOf = (heard: Witness): Buffer => Buffer.concat(chunks(heard).map((frame) => frame.audio));

describe("a file in", () => {
  const said = audio(100, 7, 16_000);

  it("is heard in real time: each piece when it has been said; then the pipeline ends", async () => {
    const path = fresh();
    writeFileSync(path, writeWav(said));
    const { clock, heard, ran } = scene({ input: { from: path } });
    await until(() => clock.pending > 0);
    await play(clock, ran);
    expect(heard.down.map(([at, what]) => [at, what])).toEqual([
      [5000, "Start"],
      [5020, "InputAudioRaw"],
      [5040, "InputAudioRaw"],
      [5060, "InputAudioRaw"],
      [5080, "InputAudioRaw"],
      [5100, "InputAudioRaw"],
      [5100, "End"],
    ]);
    expect(bytesOf(heard)).toEqual(Buffer.from(said.audio));
    expect(clock.pending).toBe(0);
  });

  it("is followed by silence, where that is asked for", async () => {
    const { clock, heard, ran } = scene({ input: { from: said, trailingSilenceMs: 50 } });
    await play(clock, ran);
    expect(heard.down.at(-1)?.[0]).toBe(5150);
    expect(bytesOf(heard)).toEqual(Buffer.concat([said.audio, new Uint8Array(60 * 32)]));
  });

  it("is heard at once with the pace `none`, and need not end the pipeline", async () => {
    const { clock, heard, task, ran } = scene({
      pace: "none",
      input: { from: audio(5000, 7, 16_000), whenDone: "stay" },
    });
    await until(() => chunks(heard).length === 250);
    expect(clock.now()).toBe(5000);
    await settle();
    expect(heard.down.at(-1)?.[1]).toBe("InputAudioRaw");
    await task.cancel();
    await ran;
  });

  it("is a stream of WAV in pieces of any size, whose header need not know how long it is", async () => {
    const file = Buffer.concat([writeWavHeader(said), said.audio]);
    const pieces = Array.from({ length: Math.ceil(file.length / 13) }, (_, at) => file.subarray(at * 13, at * 13 + 13));
    const { heard, ran } = scene({ pace: "none", input: { from: Readable.from(pieces) } });
    await ran;
    expect(bytesOf(heard)).toEqual(Buffer.from(said.audio));
  });

  it("ends where the header says, and leaves alone what comes after", async () => {
    const file = Buffer.concat([writeWav(said), Buffer.from("LIST\x04\0\0\0INFO")]);
    const { heard, ran } = scene({ pace: "none", input: { from: Readable.from([file]) } });
    await ran;
    expect(bytesOf(heard)).toEqual(Buffer.from(said.audio));
  });

  it("is raw PCM of a stated format, brought to the pipeline's", async () => {
    const raw = { sampleRate: 48_000, channels: 2 };
    const input = { from: Readable.from([Buffer.alloc(48_000 * 4 + 3)]), raw };
    const { heard, ran } = scene({ pace: "none", input });
    await ran;
    expect(chunks(heard).length).toBe(50);
    expect(chunks(heard)[0]).toMatchObject({ sampleRate: 16_000, channels: 1 });
  });

  it("does not hold up the end while a pipe says nothing", async () => {
    const pipe = new PassThrough();
    const { heard, task, ran, clock } = scene({ input: { from: pipe } });
    pipe.write(writeWavHeader(said));
    pipe.write(said.audio.subarray(0, 640));
    await until(() => clock.pending > 0);
    await clock.advance(20);
    expect(chunks(heard).length).toBe(1);
    await task.cancel();
    await ran;
    expect(pipe.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it.each<[string, () => FileInputOptions, string]>([
    ["is not there", () => ({ from: join(folder, "none.wav") }), "from: cannot be read: ENOENT"],
    ["is no WAV", () => ({ from: Readable.from([Buffer.from("ID3 and so on and on")]) }), "wav: expected a WAV file"],
    ["is empty", () => ({ from: Readable.from([]) }), "from: holds no samples of a WAV file in its first 0 bytes"],
    [
      "never comes to its samples",
      () => ({ from: Readable.from([writeWavHeader(said).subarray(0, 36), Buffer.alloc(2 ** 21)]) }),
      "from: holds no samples of a WAV file",
    ],
  ])("that %s ends the pipeline with an error that says so", async (_what, input, message) => {
    const { clock, ran } = scene({ input: input() });
    await expect(ran).rejects.toThrow(message);
    expect(clock.pending).toBe(0);
  });
});

describe("a file out", () => {
  it("holds what was played when it was played, and silence where nothing was", async () => {
    const tape = new Tape();
    const { clock, task, ran } = scene({ output: { to: tape } });
    await clock.advance(100);
    await task.queueFrame(speech(200));
    await clock.advance(500);
    await task.queueFrame(speech(100));
    await clock.advance(300);
    await task.stopWhenDone();
    await ran;
    const wav = readWav(tape.bytes);
    expect(wav).toMatchObject({ sampleRate: 24_000, channels: 1 });
    expect(durationMs(wav)).toBe(900);
    expect(heardIn(wav.audio)).toEqual([
      [100, 300],
      [600, 700],
    ]);
    expect(clock.pending).toBe(0);
  });

  it.each([0, 1, 39, 40, 330, 999, 1000, 1500])(
    "does not hold what an interruption takes back after %i ms",
    async (ms) => {
      const tape = new Tape();
      const { clock, task, ran } = scene({ output: { to: tape } });
      await clock.advance(10);
      await task.queueFrame(speech(1000));
      await clock.advance(ms);
      await task.interrupt();
      await clock.advance(70);
      await task.queueFrame(speech(100));
      await clock.advance(100);
      await task.stopWhenDone();
      await ran;
      const heard = heardIn(readWav(tape.bytes).audio);
      const first = ms === 0 ? [] : [[10, 10 + Math.min(ms, 1000)]];
      expect(heard).toEqual([...first, [80 + ms, 180 + ms]]);
    },
  );

  it("holds what was played when it is cancelled", async () => {
    const tape = new Tape();
    const { clock, task, ran } = scene({ output: { to: tape } });
    await task.queueFrame(speech(1000));
    await clock.advance(123);
    await task.cancel();
    await ran;
    expect(heardIn(readWav(tape.bytes).audio)).toEqual([[0, 123]]);
    expect(tape.writableFinished).toBe(true);
  });

  it("is on one timeline with the file that came in", async () => {
    const tape = new Tape();
    const said = audio(500, 0, 24_000);
    said.audio.fill(9, 48 * 100, 48 * 300);
    const input = { from: said, sampleRate: 24_000 };
    const { clock, ran } = scene({ input, output: { to: tape } }, [new Parrot()]);
    await play(clock, ran);
    // Each piece is heard when it has been said.
    expect(heardIn(readWav(tape.bytes).audio)).toEqual([[120, 320]]);
    expect(durationMs(readWav(tape.bytes))).toBe(520);
  });

  it("is a file that says in the end how long it is, and can be read before", async () => {
    const path = fresh();
    const { task, ran } = scene({ pace: "none", output: { to: path } });
    await task.queueFrame(speech(500));
    await until(() => existsSync(path) && readFileSync(path).length === 44 + 500 * 48);
    expect(durationMs(readWav(readFileSync(path)))).toBe(500);
    await task.stopWhenDone();
    await ran;
    const file = readFileSync(path);
    expect([...file]).toEqual([...writeWav(readWav(file))]);
    expect(durationMs(readWav(file))).toBe(500);
  });

  it("is joined with the pace `none`", async () => {
    const tape = new Tape();
    const { clock, task, ran } = scene({ pace: "none", output: { to: tape } });
    await task.queueFrame(speech(300));
    await clock.advance(1000);
    await task.queueFrame(speech(300));
    await task.stopWhenDone();
    await ran;
    expect(durationMs(readWav(tape.bytes))).toBe(600);
  });

  it("is a pipe, with a header that does not know the length or without one", async () => {
    for (const raw of [false, true]) {
      const pipe = new PassThrough();
      const { task, ran } = scene({ pace: "none", output: { to: pipe, raw } });
      await task.queueFrame(speech(20));
      await task.stopWhenDone();
      await ran;
      const bytes = Buffer.concat(await pipe.toArray());
      const { audio: samples } = speech(20);
      const header = raw ? [] : [writeWavHeader({ sampleRate: 24_000, channels: 1 })];
      expect(bytes).toEqual(Buffer.concat([...header, samples]));
    }
  });

  it("that cannot be written ends the pipeline with an error that says so", async () => {
    const missing = scene({ output: { to: join(folder, "none", "out.wav") } });
    await expect(missing.ran).rejects.toThrow("to: cannot be written: ENOENT");
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(new Error("no space left")),
    });
    broken.on("error", () => undefined);
    const { ran, clock } = scene({ pace: "none", output: { to: broken } });
    await expect(ran).rejects.toMatchObject({ code: "pipeline_failed" });
    expect(clock.pending).toBe(0);
  });

  it("that takes nothing holds up neither the start nor the end forever", async () => {
    const stuck = scene({ output: { to: new Writable({ write: () => undefined }) } });
    await stuck.clock.advance(5000);
    await expect(stuck.ran).rejects.toThrow("opening the output took longer than 5000 ms");
    expect(stuck.clock.pending).toBe(0);
    const to = new Writable({ write: () => undefined });
    const { ran, task, clock } = scene({ pace: "none", output: { to, raw: true } });
    await settle();
    void task.queueFrame(speech(20));
    await settle();
    const cancelled = task.cancel();
    await clock.advance(5000);
    await cancelled;
    await ran;
    expect(clock.pending).toBe(0);
  });
});

/** From when to when, in milliseconds of 24 kHz mono, there is anything but silence. */
function heardIn(bytes: Uint8Array): Array<[fromMs: number, toMs: number]> {
  const heard: Array<[number, number]> = [];
  for (let at = 0; at < bytes.length; at += 2) {
    if (bytes[at] === 0) continue;
    const [ms, last] = [at / 48, heard.at(-1)];
    if (last !== undefined && Math.abs(last[1] - ms) < 0.001) last[1] = ms + 1 / 24;
    else heard.push([ms, ms + 1 / 24]);
  }
  return heard.map(([from, to]) => [Math.round(from * 1000) / 1000, Math.round(to * 1000) / 1000]);
}
