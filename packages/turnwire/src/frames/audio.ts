import { ControlFrame, DataFrame, SystemFrame } from "./frame.ts";

/** Signed 16-bit little-endian PCM, interleaved. */
export interface AudioData {
  audio: Uint8Array;
  /** Samples per second. */
  sampleRate: number;
  channels: number;
}

/** Audio from the user: overtakes, so that it is heard while the bot is busy. */
export class InputAudioRawFrame extends SystemFrame implements AudioData {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;

  constructor(data: AudioData) {
    super();
    this.audio = data.audio;
    this.sampleRate = data.sampleRate;
    this.channels = data.channels;
  }
}

/** Audio to the user. */
export class OutputAudioRawFrame extends DataFrame implements AudioData {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;

  constructor(data: AudioData) {
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

  constructor(data: AudioData, utteranceId?: string) {
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
