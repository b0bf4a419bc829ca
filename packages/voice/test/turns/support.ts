import { readFileSync } from "node:fs";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  PipelineTask,
  TranscriptionFrame,
  type TurnwireError,
} from "turnwire";
import { UserTurnProcessor, type UserTurnProcessorOptions } from "@turnwire/voice";
import { readWav, splitAudio, type PcmAudio, InputAudioRawFrame, InterimTranscriptionFrame } from "turnwire/internal";
import { RecordingLogger, settle, VirtualClock } from "@turnwire/test-kit";

/** At the end of a pipeline: what comes, in the order it is handed over, and a way to send frames back up. */
export class Sink extends FrameProcessor {
  readonly taken: Frame[] = [];

  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    if (direction === "downstream") this.taken.push(frame);
    return super.queueFrame(frame, direction, signal);
  }

  up(frame: Frame): Promise<void> {
    return this.pushFrame(frame, "upstream");
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    await this.pushFrame(frame, direction);
  }
}

export interface Running extends AsyncDisposable {
  task: PipelineTask;
  sink: Sink;
  clock: VirtualClock;
  logger: RecordingLogger;
  errors: TurnwireError[];
  /** Sends frames down, each when the one before has been dealt with. */
  down(...frames: Frame[]): Promise<void>;
  /** Sends a frame up from the end. */
  up(frame: Frame): Promise<void>;
  /** The frames that came out of the end, as {@link show} shows them, without audio and the start. */
  shown(): string[];
  /** Ends the pipeline; resolves when it has stopped. */
  end(): Promise<void>;
}

/** Runs processors in front of a sink. */
export async function run(
  make: (ports: { environment: { clock: VirtualClock }; logger: RecordingLogger }) => FrameProcessor[],
): Promise<Running> {
  const clock = new VirtualClock(1000);
  const logger = new RecordingLogger();
  const sink = new Sink();
  const task = new PipelineTask([...make({ environment: { clock }, logger }), sink], {
    environment: { clock },
    logger,
  });
  const errors: TurnwireError[] = [];
  task.on("error", (error) => void errors.push(error));
  const ended = task.run().catch(() => undefined);
  await settle();
  return {
    task,
    sink,
    clock,
    logger,
    errors,
    async down(...frames) {
      for (const frame of frames) {
        void task.queueFrame(frame);
        await settle();
      }
    },
    async up(frame) {
      await sink.up(frame);
      await settle();
    },
    shown: () => sink.taken.filter(matters).map(show),
    async end() {
      await task.stopWhenDone();
      await ended;
    },
    async [Symbol.asyncDispose]() {
      await task.cancel();
    },
  };
}

export interface RunningTurns extends Running {
  turns: UserTurnProcessor;
}

export async function runTurns(options: UserTurnProcessorOptions = {}): Promise<RunningTurns> {
  let turns: UserTurnProcessor | undefined;
  const running = await run((ports) => [(turns = new UserTurnProcessor({ ...ports, ...options }))]);
  return { ...running, turns: turns! };
}

const matters = (frame: Frame): boolean =>
  !(frame instanceof InputAudioRawFrame) && !["StartFrame", "EndFrame", "CancelFrame"].includes(frame.constructor.name);

/** The class without "Frame" and "Speaking"; of transcriptions the text, interim ones in brackets. */
export function show(frame: Frame): string {
  if (frame instanceof TranscriptionFrame) return frame.text;
  if (frame instanceof InterimTranscriptionFrame) return `(${frame.text})`;
  return frame.constructor.name.replace("SpeakingFrame", "").replace("Frame", "");
}

/**
 * "Can you hear me?" and "It is raining.", said by `espeak-ng -v en-gb -s 150`, with a little noise throughout: 16 kHz.
 * The voice is there from 600 to 1505 and from 2305 to 3085 ms, of 3785.
 */
export function twoSentences(): PcmAudio {
  return readWav(readFileSync(new URL("two-sentences.wav", import.meta.url)));
}

export const inputFrames = (audio: PcmAudio, chunkMs = 20): InputAudioRawFrame[] =>
  splitAudio(audio, chunkMs).map((chunk) => new InputAudioRawFrame(chunk));

/** White noise, the same every time. */
export function noise(ms: number, amplitude: number, sampleRate = 16_000): PcmAudio {
  const samples = new Int16Array((ms * sampleRate) / 1000);
  let seed = 7;
  for (let at = 0; at < samples.length; at += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    samples[at] = Math.round((seed / 1_073_741_824 - 1) * amplitude);
  }
  return { audio: new Uint8Array(samples.buffer), sampleRate, channels: 1 };
}
