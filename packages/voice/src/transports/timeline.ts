/** When audio is sent, and how much of it has been played, by the clock or by what the client reports. No timers. */
export class Timeline {
  readonly #leadMs: number;
  readonly #realtime: boolean;
  /** How far reports may be behind the clock; 0 when none come. */
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

  /** The position of the next audio: how much has been sent, less what was cleared. */
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

  /** Audio is sent now. Answers when it will begin to be played. */
  add(durationMs: number, nowMs: number): number {
    const startsAtMs = Math.max(this.#endsAtMs, nowMs);
    this.#sentMs += durationMs;
    this.#endsAtMs = this.#realtime ? startsAtMs + durationMs : nowMs;
    return startsAtMs;
  }

  /** The client says that it has played up to a position. */
  report(positionMs: number): void {
    this.#playedMs = Math.max(this.#playedMs, Math.min(positionMs, this.#sentMs));
  }

  playedMs(nowMs: number): number {
    const unplayedMs = Math.max(0, this.#endsAtMs + this.#reportTimeoutMs - nowMs);
    this.#playedMs = Math.max(this.#playedMs, this.#sentMs - unplayedMs);
    return this.#playedMs;
  }

  /** Whether a position has been played, but for what rounding leaves. */
  isPlayed(positionMs: number, nowMs: number): boolean {
    return this.playedMs(nowMs) >= positionMs - 0.001;
  }

  /** When a position has been played at the latest. */
  playedAtMs(positionMs: number): number {
    return this.#endsAtMs + this.#reportTimeoutMs - (this.#sentMs - positionMs);
  }

  /** When all that was sent has been played: by the clock, or at the latest where a report is still to come. */
  quietAtMs(nowMs: number): number {
    return this.isPlayed(this.#sentMs, nowMs) ? this.#endsAtMs : this.playedAtMs(this.#sentMs);
  }

  /** Takes back what was sent and not played. Answers how much that was. */
  clear(nowMs: number): number {
    const droppedMs = this.#sentMs - this.playedMs(nowMs);
    this.#sentMs = this.#playedMs;
    this.#endsAtMs = Math.min(this.#endsAtMs, nowMs);
    return droppedMs;
  }
}
