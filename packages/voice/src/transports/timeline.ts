/** Calculates when audio is sent, and how much has been played by the clock or by the client's reports. Has no timers. */
export class Timeline {
  readonly #leadMs: number;
  readonly #realtime: boolean;
  /** How far reports may be behind the clock; 0 if there are none. */
  readonly #reportTimeoutMs: number;
  /** When all that has been sent will have been played, by the clock. */
  #endsAtMs = -Infinity;
  #sentMs = 0;
  #playedMs = 0;

  constructor(options: { leadMs: number; realtime: boolean; reportTimeoutMs: number }) {
    this.#leadMs = options.leadMs;
    this.#realtime = options.realtime;
    this.#reportTimeoutMs = options.reportTimeoutMs;
  }

  /** The position of the next audio: how much has been sent, without what was cleared. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** When the next audio is to be sent. */
  get sendAtMs(): number {
    return this.#realtime ? this.#endsAtMs - this.#leadMs : -Infinity;
  }

  /** For how long the client has had nothing to play. */
  dryMs(nowMs: number): number {
    return this.#realtime ? Math.max(0, nowMs - this.#endsAtMs) : 0;
  }

  /** Records that audio is sent now. Returns when it will begin to be played. */
  add(durationMs: number, nowMs: number): number {
    const startsAtMs = Math.max(this.#endsAtMs, nowMs);
    this.#sentMs += durationMs;
    this.#endsAtMs = this.#realtime ? startsAtMs + durationMs : nowMs;
    return startsAtMs;
  }

  /** Records that the client has played up to a position. */
  report(positionMs: number): void {
    this.#playedMs = Math.max(this.#playedMs, Math.min(positionMs, this.#sentMs));
  }

  playedMs(nowMs: number): number {
    const unplayedMs = Math.max(0, this.#endsAtMs + this.#reportTimeoutMs - nowMs);
    this.#playedMs = Math.max(this.#playedMs, this.#sentMs - unplayedMs);
    return this.#playedMs;
  }

  /** Whether a position has been played, apart from rounding. */
  isPlayed(positionMs: number, nowMs: number): boolean {
    return this.playedMs(nowMs) >= positionMs - 0.001;
  }

  /** When a position will have been played at the latest. */
  playedAtMs(positionMs: number): number {
    return this.#endsAtMs + this.#reportTimeoutMs - (this.#sentMs - positionMs);
  }

  /** When everything sent will have been played: by the clock, or at the latest if a report is still to come. */
  quietAtMs(nowMs: number): number {
    return this.isPlayed(this.#sentMs, nowMs) ? this.#endsAtMs : this.playedAtMs(this.#sentMs);
  }

  /** Takes back what was sent and not played. Returns how much that was. */
  clear(nowMs: number): number {
    const droppedMs = this.#sentMs - this.playedMs(nowMs);
    this.#sentMs = this.#playedMs;
    this.#endsAtMs = Math.min(this.#endsAtMs, nowMs);
    return droppedMs;
  }
}
