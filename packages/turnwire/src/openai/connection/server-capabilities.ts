/** No server is known to end connections sooner. */
const shortestLimitMs = 5 * 60_000;

/** What has been learned of a server, by everything that talks to it. */
export class ServerTraits {
  /** Whether it answers on the lane that was asked for. */
  lanes: "unknown" | "yes" | "no" = "unknown";
  /** Whether it knows `generate: false`. */
  warmUp: "unknown" | "yes" | "no" = "unknown";
  /** How old a connection may become, in milliseconds. */
  maxConnectionAgeMs: number;

  constructor(maxConnectionAgeMs: number) {
    this.maxConnectionAgeMs = maxConnectionAgeMs;
  }

  /** A connection has reached the server's limit at this age: the next ones are replaced before. */
  learnAge(ageMs: number): void {
    // A young connection's error says something else, and replacing connections all the time would be worse than it.
    if (ageMs >= shortestLimitMs) this.maxConnectionAgeMs = Math.min(this.maxConnectionAgeMs, ageMs * 0.9);
  }
}
