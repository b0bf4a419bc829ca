import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DeepgramSTTService } from "../../src/deepgram/index.ts";
import { type Frame, StartFrame, TranscriptionFrame } from "turnwire";
import { InputAudioRawFrame, VADUserStoppedSpeakingFrame } from "turnwire/internal";
import type { Transcript } from "../../src/stt/index.ts";
import { MemoryNetwork, type MemorySocket, RecordingLogger, Scripted, settle, VirtualClock } from "@turnwire/test-kit";

/** Speech whose every sample, one a millisecond, says which word it is of; 0 is silence. */
class Speech {
  readonly samples: number[] = [];
  readonly words: Array<{ text: string; startMs: number; endMs: number }> = [];

  constructor(words: ReadonlyArray<{ ms: number; gapMs: number }>) {
    for (const [index, { ms, gapMs }] of words.entries()) {
      const startMs = this.samples.length;
      for (let count = 0; count < ms; count += 1) this.samples.push(index + 1);
      this.words.push({ text: `w${index + 1}`, startMs, endMs: startMs + ms });
      for (let count = 0; count < gapMs; count += 1) this.samples.push(0);
    }
  }
}

/** A server that understands such speech; of a word that it hears a part of, it says so. */
class Recogniser {
  readonly socket: MemorySocket;
  readonly #speech: Speech;
  readonly #samples: number[] = [];
  #read = 0;
  #settled = 0;

  constructor(socket: MemorySocket, speech: Speech) {
    this.socket = socket;
    this.#speech = speech;
  }

  get alive(): boolean {
    return this.socket.state === "open" && this.socket.answers;
  }

  /** Takes in what the client has sent. */
  listen(): void {
    if (!this.alive) return;
    for (; this.#read < this.socket.sent.length; this.#read += 1) {
      const message = this.socket.sent[this.#read];
      if (message instanceof Uint8Array) {
        const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
        for (let at = 0; at < message.length; at += 2) this.#samples.push(view.getInt16(at, true));
      } else if (message === '{"type":"Finalize"}') {
        this.#finish(this.#samples.length);
      } else if (message === '{"type":"CloseStream"}') {
        this.#finish(this.#samples.length);
        this.socket.send('{"type":"Metadata","duration":0.0,"channels":1}');
        this.socket.close(1000);
      }
    }
  }

  /** Ends what it has heard after this part of it, between words, and says what it was. */
  final(part: number): void {
    let cut = this.#settled + Math.round((this.#samples.length - this.#settled) * part);
    while (cut > this.#settled && this.#samples[cut - 1] !== 0) cut -= 1;
    this.#finish(cut);
  }

  interim(): void {
    this.#say(this.#samples.length, false);
  }

  #finish(cut: number): void {
    this.#say(cut, true);
    this.#settled = cut;
  }

  #say(cut: number, isFinal: boolean): void {
    const words = this.#wordsBetween(this.#settled, cut);
    const start = Math.fround(this.#settled / 1000);
    const message = {
      type: "Results",
      channel_index: [0, 1],
      start,
      duration: Math.fround(cut / 1000 - start),
      is_final: isFinal,
      speech_final: false,
      channel: { alternatives: [{ transcript: words.map(({ word }) => word).join(" "), confidence: 1, words }] },
    };
    this.socket.send(JSON.stringify(message));
  }

  #wordsBetween(from: number, to: number): Array<{ word: string; start: number; end: number }> {
    const words: Array<{ word: string; start: number; end: number }> = [];
    for (let at = from; at < to;) {
      const number = this.#samples[at] as number;
      let end = at;
      while (end < to && this.#samples[end] === number) end += 1;
      const known = this.#speech.words[number - 1];
      if (known !== undefined) {
        const whole = end - at === known.endMs - known.startMs;
        words.push({ word: whole ? known.text : `part of ${known.text}`, start: at / 1000, end: end / 1000 });
      }
      at = end;
    }
    return words;
  }
}

type Step =
  | { do: "speak"; ms: number }
  | { do: "final" | "lost final"; part: number }
  | { do: "interim" | "drop" | "close" | "go silent" | "voice ends" | "settings" | "settle" }
  | { do: "refuse"; times: number }
  | { do: "wait"; ms: number };

const speak = fc.constantFrom(7, 20, 20, 20, 133, 400).map((ms): Step => ({ do: "speak", ms }));
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: speak },
    { weight: 6, arbitrary: fc.constant<Step>({ do: "settle" }) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom("final" as const, "final" as const, "lost final" as const),
          fc.double({ min: 0, max: 1, noNaN: true }),
        )
        .map(([what, part]): Step => ({ do: what, part })),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Step>(
        { do: "interim" },
        { do: "drop" },
        { do: "close" },
        { do: "go silent" },
        { do: "voice ends" },
        { do: "settings" },
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(1, 2).map((times): Step => ({ do: "refuse", times })) },
    { weight: 2, arbitrary: fc.constantFrom(1, 130, 600, 8000).map((ms): Step => ({ do: "wait", ms })) },
  ),
  { maxLength: 80, size: "max" },
);
const words = fc.array(fc.record({ ms: fc.integer({ min: 10, max: 300 }), gapMs: fc.integer({ min: 1, max: 200 }) }), {
  minLength: 1,
  maxLength: 12,
});

test("wherever the connection breaks, every word comes once, in order, at its time", async () => {
  await fc.assert(fc.asyncProperty(words, steps, run), { numRuns: Number(process.env["TURNWIRE_RUNS"] ?? 600) });
});

async function run(spoken: ReadonlyArray<{ ms: number; gapMs: number }>, plan: readonly Step[]): Promise<void> {
  const speech = new Speech(spoken);
  const clock = new VirtualClock();
  const logger = new RecordingLogger();
  const servers: Recogniser[] = [];
  let refusals = 0;
  const network = new MemoryNetwork((socket) => {
    if (refusals > 0) {
      refusals -= 1;
      socket.refuse(503);
      return;
    }
    servers.push(new Recogniser(socket.accept(), speech));
  });
  const stt = new DeepgramSTTService({
    apiKey: "k",
    baseURL: "ws://memory.test",
    sampleRate: 1000,
    environment: { socketFactory: network.factory, random: () => 0, clock },
    giveUpAfter: { failures: 1000 },
    backoff: { maxAttempts: 1000, maxDelayMs: 1000 },
    logger,
  });
  const out: Frame[] = [];
  const errors: string[] = [];
  const above = new Scripted((frame, direction) => {
    if (direction === "upstream") errors.push(String(frame));
  });
  above.link(stt);
  stt.link(new Scripted((frame) => void out.push(frame)));
  const heard: Transcript[] = [];
  stt.on("transcript", (transcript) => {
    if (transcript.final) heard.push(transcript);
  });
  await stt.queueFrame(new StartFrame());

  let at = 0;
  const say = async (ms: number): Promise<void> => {
    const samples = Int16Array.from(speech.samples.slice(at, at + ms));
    at += samples.length;
    if (samples.length === 0) return;
    const audio = new Uint8Array(samples.buffer);
    await stt.queueFrame(new InputAudioRawFrame({ audio, sampleRate: 1000, channels: 1 }));
  };
  const current = (): Recogniser | undefined => servers.findLast((server) => server.alive);
  const updates: Array<Promise<unknown>> = [];

  for (const step of plan) {
    for (const server of servers) server.listen();
    const server = current();
    if (step.do === "speak") await say(step.ms);
    else if (step.do === "final") server?.final(step.part);
    else if (step.do === "interim") server?.interim();
    else if (step.do === "drop") server?.socket.drop();
    else if (step.do === "close") server?.socket.close(1011, "NET-0000");
    else if (step.do === "go silent") server?.socket.goSilent();
    else if (step.do === "refuse") refusals += step.times;
    else if (step.do === "wait") await clock.advance(step.ms);
    else if (step.do === "settle") await settle();
    else if (step.do === "settings") updates.push(stt.updateSettings({ language: `l${at}` }).catch(() => undefined));
    else if (step.do === "voice ends" && (at === 0 || speech.samples[at - 1] === 0)) {
      await stt.queueFrame(new VADUserStoppedSpeakingFrame());
    } else if (step.do === "lost final") {
      // Said by the server, and lost on the way.
      server?.socket.goSilent();
      server?.final(step.part);
      server?.socket.drop();
    }
  }
  // The weather clears up.
  refusals = 0;
  while (at < speech.samples.length) await say(50);
  await clock.advance(20_000);
  const stopped = stt.stop();
  await settle();
  for (const server of servers) server.listen();
  await stopped;
  await Promise.all(updates);

  expect(heard.flatMap(({ words }) => words ?? [])).toEqual(speech.words);
  const texts = out.filter((frame) => frame instanceof TranscriptionFrame).map(({ text }) => text);
  expect(texts.join(" ")).toBe(speech.words.map(({ text }) => text).join(" "));
  expect(errors).toEqual([]);
  // The only thing worth a word is a connection that is replaced while it is half-open.
  const warnings = logger.warnings.filter(({ message }) => message !== "a close was not acknowledged in time");
  expect(warnings).toEqual([]);
  expect(network.openCount).toBe(0);
  expect(clock.pending).toBe(0);
}
