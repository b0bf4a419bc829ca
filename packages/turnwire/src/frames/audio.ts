import type { PcmAudio } from "../audio/index.ts";
import { ControlFrame, DataFrame, SystemFrame } from "./frame.ts";

/** Audio from the user: overtakes, so that it is heard while the bot is busy. */
export class InputAudioRawFrame extends SystemFrame implements PcmAudio {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;

  constructor(data: PcmAudio) {
    super();
    this.audio = data.audio;
    this.sampleRate = data.sampleRate;
    this.channels = data.channels;
  }
}

/** Audio to the user. */
export class OutputAudioRawFrame extends DataFrame implements PcmAudio {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;

  constructor(data: PcmAudio) {
    super();
    this.audio = data.audio;
    this.sampleRate = data.sampleRate;
    this.channels = data.channels;
  }
}

/** Audio a TTS service made. */
export class TTSAudioRawFrame extends OutputAudioRawFrame {
  /** Which utterance it is a part of. */
  readonly utteranceId: string | undefined;

  constructor(data: PcmAudio, utteranceId?: string) {
    super(data);
    this.utteranceId = utteranceId;
  }
}

/** A TTS service has the first text of an utterance, and begins to make its audio. */
export class TTSStartedFrame extends ControlFrame {
  readonly utteranceId: string | undefined;

  constructor(utteranceId?: string) {
    super();
    this.utteranceId = utteranceId;
  }
}

/** A TTS service has made the last audio of an utterance. */
export class TTSStoppedFrame extends ControlFrame {
  readonly utteranceId: string | undefined;

  constructor(utteranceId?: string) {
    super();
    this.utteranceId = utteranceId;
  }
}
