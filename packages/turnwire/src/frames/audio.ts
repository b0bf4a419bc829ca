import { checkPcmAudio, type PcmAudio } from "../audio/index.ts";
import { ControlFrame, DataFrame, SystemFrame } from "./frame.ts";

/** Audio from the user. A system frame, so that processors get it while they work on something else. */
export class InputAudioRawFrame extends SystemFrame implements PcmAudio {
  readonly audio: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;

  constructor(data: PcmAudio) {
    super();
    checkPcmAudio(data, "data");
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
    checkPcmAudio(data, "data");
    this.audio = data.audio;
    this.sampleRate = data.sampleRate;
    this.channels = data.channels;
  }
}

/** Audio that a TTS service generated. */
export class TTSAudioRawFrame extends OutputAudioRawFrame {
  /** The utterance that it is a part of. */
  readonly utteranceId: string | undefined;

  constructor(data: PcmAudio, utteranceId?: string) {
    super(data);
    this.utteranceId = utteranceId;
  }
}

/** A TTS service has got the first text of an utterance and begins to generate its audio. */
export class TTSStartedFrame extends ControlFrame {
  readonly utteranceId: string | undefined;

  constructor(utteranceId?: string) {
    super();
    this.utteranceId = utteranceId;
  }
}

/** A TTS service has generated the last audio of an utterance. */
export class TTSStoppedFrame extends ControlFrame {
  readonly utteranceId: string | undefined;

  constructor(utteranceId?: string) {
    super();
    this.utteranceId = utteranceId;
  }
}
