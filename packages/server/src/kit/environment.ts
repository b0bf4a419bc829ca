import type { Clock, Random } from "turnwire/internal";

/** What only tests need to set. */
export interface ServerEnvironment {
  /** Times everything that the server times. Default: the system's clock. */
  clock?: Clock;
  /** Where ids come from. Default: `Math.random`. */
  random?: Random;
}
