import type { Clock } from "turnwire/internal";

export interface TimelineOptions {
  /** How long before its time audio is sent. */
  leadMs: number;
  /** Whether audio is played as fast as it is spoken; otherwise it counts as played at once. */
  realtime: boolean;
  /** How far reports may lag before the clock is used instead; 0 if there are no reports. */
  reportTimeoutMs: number;
}

/** Calculates when audio is sent, and how much has been played by the clock or by the client's reports. Has no timers. */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #clock: Clock;
  /** When all that has been sent will have been played, by the clock. */
  #endsAtMs = -Infinity;
  #sentMs = 0;
  #playedMs = 0;

  constructor(options: TimelineOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** The position of the next audio: how much has been sent, without what was cleared. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** When the next audio is to be sent. */
  get sendAtMs(): number {
    return this.#options.realtime ? this.#endsAtMs - this.#options.leadMs : -Infinity;
  }

  /** Whether everything sent has been played. */
  get isAllPlayed(): boolean {
    return this.isPlayed(this.#sentMs);
  }

  /** When everything sent will have been played: by the clock, or at the latest if a report is still to come. */
  get quietAtMs(): number {
    return this.isAllPlayed ? this.#endsAtMs : this.playedAtMs(this.#sentMs);
  }

  /** How much has been played. */
  get playedMs(): number {
    const unplayedMs = Math.max(0, this.playedAtMs(this.#sentMs) - this.#clock.now());
    this.#playedMs = Math.max(this.#playedMs, this.#sentMs - unplayedMs);
    return this.#playedMs;
  }

  /** For how long the client has had nothing to play, now or at another time. */
  dryMs(atMs: number = this.#clock.now()): number {
    return this.#options.realtime ? Math.max(0, atMs - this.#endsAtMs) : 0;
  }

  /** Records that audio is sent now. Returns when it will begin to be played. */
  add(durationMs: number): number {
    const nowMs = this.#clock.now();
    const startsAtMs = Math.max(this.#endsAtMs, nowMs);
    this.#sentMs += durationMs;
    this.#endsAtMs = this.#options.realtime ? startsAtMs + durationMs : nowMs;
    return startsAtMs;
  }

  /** Records that the client has played up to a position. */
  report(positionMs: number): void {
    this.#playedMs = Math.max(this.#playedMs, Math.min(positionMs, this.#sentMs));
  }

  /** Whether a position has been played, apart from rounding. */
  isPlayed(positionMs: number): boolean {
    return this.playedMs >= positionMs - 0.001;
  }

  /** When a position will have been played at the latest. */
  playedAtMs(positionMs: number): number {
    return this.#endsAtMs + this.#options.reportTimeoutMs - (this.#sentMs - positionMs);
  }

  /** Takes back what was sent and not played. Returns how much that was. */
  clear(): number {
    const droppedMs = this.#sentMs - this.playedMs;
    this.#sentMs = this.#playedMs;
    this.#endsAtMs = Math.min(this.#endsAtMs, this.#clock.now());
    return droppedMs;
  }
}
