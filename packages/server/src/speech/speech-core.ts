import type { Clock, Logger, Random } from "turnwire/internal";
import type { SpeechEvent } from "./speech-connection.ts";
import type { ListenRequest, Script } from "./script.ts";
import type { Voice } from "./voices/index.ts";

/** What the sessions of a server share. */
export interface SpeechCore {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly voice: Voice;
  readonly script: Script;
  readonly timeline: ((request: ListenRequest) => number) | undefined;
  readonly latencyMs: number;
  readonly interimMs: number;
  readonly segmentMs: number;
  readonly idleTimeoutMs: number;
  readonly firstByteMs: number;
  readonly realtimeFactor: number;
  readonly maxSessionMs: number;
  readonly onEvent: (event: SpeechEvent) => void;
}
