import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesForMs, durationMs, rms, silence, writeWavHeader } from "turnwire/internal";
import { InvalidArgumentError } from "turnwire/internal";
import { sayScript, SpeechServer, toneAudio, toneWords } from "../../src/speech/index.ts";
import { openVoice } from "../../src/speech/voices/index.ts";

/** A shell script in place of espeak-ng: its speech is a tone of 480 ms between two silences of 100 ms. */
class FakeEspeak implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "turnwire-espeak-"));
  readonly command = join(this.folder, "espeak");

  /** @param body What it does when it has read its text. */
  constructor(body = "cat said.wav") {
    const format = { sampleRate: 22_050, channels: 1 };
    const tone = toneAudio("abcdefghij", 22_050).audio.subarray(0, bytesForMs(480, format));
    const quiet = silence(100, format).audio;
    // Like the real one's, the header does not know the size.
    const header = writeWavHeader(format, 0x7ffff000);
    writeFileSync(join(this.folder, "said.wav"), Buffer.concat([header, quiet, tone, quiet]));
    const program = `#!/bin/sh
      cd ${this.folder}
      [ "$1" = --version ] && exit 0
      echo "begin $*" >> runs
      cat > text
      ${body}
      code=$?
      echo end >> runs
      exit $code
    `;
    writeFileSync(this.command, program);
    chmodSync(this.command, 0o755);
  }

  get runs(): string[] {
    return this.read("runs").split("\n").slice(0, -1);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("tones", () => {
  it("lie where their timetable says, for every text and sample rate", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), fc.constantFrom(8_000, 16_000), (text, sampleRate) => {
        const words = toneWords(text);
        expect(words.map(({ word }) => word)).toEqual(text.split(/\s+/).filter((word) => word !== ""));
        const audio = toneAudio(text, sampleRate);
        const between = (fromMs: number, toMs: number): number => {
          const [from, to] = [bytesForMs(fromMs, audio), bytesForMs(toMs, audio)];
          return rms({ audio: audio.audio.subarray(from, to) });
        };
        let endMs = 0;
        for (const word of words) {
          if (word.startMs > endMs) expect(between(endMs, word.startMs)).toBe(0);
          expect(between(word.startMs, word.endMs)).toBeGreaterThan(0.15);
          endMs = word.endMs;
        }
        expect(durationMs(audio)).toBeGreaterThanOrEqual(words.length === 0 ? 0 : endMs + 60);
        expect(between(endMs, durationMs(audio))).toBe(0);
      }),
      { numRuns: 15 },
    );
  });

  it("are as long as their words, with a pause behind a sentence", () => {
    expect(toneWords('Hello, "you two." Extraordinarily 42!')).toEqual([
      { word: "Hello,", startMs: 0, endMs: 280 },
      { word: '"you', startMs: 340, endMs: 540 },
      { word: 'two."', startMs: 600, endMs: 800 },
      { word: "Extraordinarily", startMs: 1_040, endMs: 1_640 },
      { word: "42!", startMs: 1_700, endMs: 1_860 },
    ]);
    expect(durationMs(toneAudio("Hi.", 16_000))).toBe(160 + 240);
  });
});

describe("eSpeak NG", () => {
  it("is what speaks when it is there; tones when it is not", async () => {
    using fake = new FakeEspeak();
    await using there = await SpeechServer.start({ espeakCommand: fake.command });
    await using gone = await SpeechServer.start({ espeakCommand: `${fake.command}-not` });
    expect([there.voice, gone.voice]).toEqual(["espeak-ng", "tones"]);
    await expect(SpeechServer.start({ voice: "espeak", espeakCommand: `${fake.command}-not` })).rejects.toThrow(
      "voice: espeak-ng cannot be run; install it",
    );
  });

  it("is given the text on its input, at any sample rate, and runs once for a text", async () => {
    using fake = new FakeEspeak();
    const voice = await openVoice({ voice: "espeak", espeakCommand: fake.command });
    const text = `--help "$(touch evil)" ; ${"a".repeat(74)}`;
    const [first, second] = [await voice.speak(text, 16_000), await voice.speak(text, 16_000)];
    expect([first.sampleRate, first.channels, Math.round(durationMs(first))]).toEqual([16_000, 1, 680]);
    expect(second).toBe(first);
    expect(fake.read("text")).toBe(text);
    expect(fake.runs).toEqual(["begin --stdin --stdout -b 1", "end"]);
    expect((await voice.speak("  ", 16_000)).audio.length).toBe(0);
    expect(fake.runs).toHaveLength(2);
  });

  it("runs twice at once at most, and not for what was given up", async () => {
    using fake = new FakeEspeak("sleep 0.05; cat said.wav");
    const voice = await openVoice({ voice: "espeak", espeakCommand: fake.command });
    const given = new AbortController();
    const all = ["one", "two", "three", "four"].map((text) => voice.speak(text, 16_000));
    const up = voice.speak("five", 16_000, given.signal);
    given.abort(new Error("given up"));
    await expect(up).rejects.toThrow("given up");
    await Promise.all(all);
    let running = 0;
    const most = Math.max(...fake.runs.map((line) => (running += line === "end" ? -1 : 1)));
    expect([most, fake.runs.length]).toEqual([2, 8]);
  });

  it("that fails, or writes no WAV, is an error without the text", async () => {
    using failing = new FakeEspeak("(exit 3)");
    using odd = new FakeEspeak('echo "secret, but no WAV"');
    for (const [fake, message] of [
      [failing, "espeak-ng ended with 3"],
      [odd, "wav: expected a WAV file"],
    ] as const) {
      const voice = await openVoice({ voice: "espeak", espeakCommand: fake.command });
      const speaking = voice.speak("secret", 16_000);
      await expect(speaking).rejects.toThrow(message);
      await expect(speaking).rejects.not.toThrow("secret");
    }
  });

  it("is killed when nobody waits for it any more", async () => {
    using fake = new FakeEspeak("echo $$ > pid; exec sleep 30");
    const voice = await openVoice({ voice: "espeak", espeakCommand: fake.command });
    const stop = new AbortController();
    const speaking = voice.speak("for ever", 16_000, stop.signal);
    await expect.poll(() => existsSync(join(fake.folder, "pid")) && fake.read("pid")).toMatch(/\n$/);
    const pid = Number(fake.read("pid"));
    expect(process.kill(pid, 0)).toBe(true);
    stop.abort(new Error("stopped"));
    await expect(speaking).rejects.toThrow("stopped");
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("sayScript", () => {
  it("makes the audio of the lines and the script of their words", async () => {
    const { audio, words } = await sayScript(
      [
        { text: "Hi there.", atMs: 500 },
        { text: "Stop!", atMs: 2_000 },
      ],
      { voice: "tones", sampleRate: 8_000, tailMs: 700 },
    );
    expect(words).toEqual([
      { word: "Hi", startMs: 500, endMs: 660 },
      { word: "there.", startMs: 720, endMs: 1_000 },
      { word: "Stop!", startMs: 2_000, endMs: 2_240 },
    ]);
    expect([audio.sampleRate, audio.channels, durationMs(audio)]).toEqual([8_000, 1, 2_000 + 480 + 700]);
    const level = (fromMs: number, toMs: number): number =>
      rms({ audio: audio.audio.subarray(bytesForMs(fromMs, audio), bytesForMs(toMs, audio)) });
    expect([level(0, 500), level(1_000, 2_000), level(2_240, 3_180)]).toEqual([0, 0, 0]);
    for (const { startMs, endMs } of words) expect(level(startMs, endMs)).toBeGreaterThan(0.15);
    // The server accepts it.
    await using server = await SpeechServer.start({ voice: "tones", script: words });
    expect(server.voice).toBe("tones");
  });

  it("lets words of a voice that does not tell their times share the time in which it is not silent", async () => {
    using fake = new FakeEspeak();
    // 100 ms of silence, 480 ms of sound, 100 ms of silence.
    const { words } = await sayScript([{ text: "ab cdef", atMs: 1_000 }], {
      voice: "espeak",
      espeakCommand: fake.command,
    });
    expect(words).toEqual([
      { word: "ab", startMs: 1_100, endMs: 1_260 },
      { word: "cdef", startMs: 1_260, endMs: 1_580 },
    ]);
  });

  it("refuses lines that overlap, and says from when on it would go", async () => {
    const lines = [
      { text: "Hi there.", atMs: 500 },
      { text: "Stop!", atMs: 1_200 },
    ];
    const saying = sayScript(lines, { voice: "tones" });
    await expect(saying).rejects.toThrow(InvalidArgumentError);
    await expect(saying).rejects.toThrow(
      "lines[1].atMs: expected at least 1240, where the line before it ends, got the number 1200",
    );
    await expect(sayScript([{ text: "a", atMs: -5 }], { voice: "tones" })).rejects.toThrow(
      "lines[0].atMs: expected milliseconds from 0 to 2^31 - 1, got the number -5",
    );
  });
});
