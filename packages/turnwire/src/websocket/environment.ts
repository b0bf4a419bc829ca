import type { Clock, Random } from "../async/index.ts";
import { type Check, is } from "../checks/index.ts";
import type { SocketFactory } from "./socket.ts";

/** Parts that only tests replace. */
export interface Environment {
  /** The time; default: the system's. */
  clock?: Clock;
  /** From 0 to 1, for the jitter of back-off; default `Math.random`. */
  random?: Random;
  /** Default: sockets of the `ws` package. */
  socketFactory?: SocketFactory;
}

export const environmentCheck: Check = is.group<Environment>({
  clock: is.clock,
  random: is.func,
  socketFactory: is.func,
});
