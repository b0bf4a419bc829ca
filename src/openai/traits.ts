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
}
