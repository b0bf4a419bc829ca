import { expect, test } from "vitest";
import { BoundedQueue } from "../../src/async/index.ts";
import { InvalidArgumentError } from "../../src/errors.ts";
import {
  Backoff,
  FailureStreak,
  Heartbeat,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
} from "../../src/websocket/index.ts";
import { VirtualClock } from "@turnwire/test-kit";

/** A value as a program without types would pass it. */
function untyped(value: unknown): never {
  return value as never;
}

const target = { url: "ws://memory.test" };
const withOptions = (options: unknown) => (): unknown => new ReconnectingWebsocket(() => target, untyped(options));

test.each<[ReconnectingWebsocketOptions | object, string]>([
  [
    { timeouts: { connectMs: 0 } },
    "timeouts.connectMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0",
  ],
  [{ timeouts: { closeMs: "2s" } }, "timeouts.closeMs: expected milliseconds above 0, up to 2^31 - 1, got a string"],
  [{ heartbeat: true }, "heartbeat: expected false or an object with intervalMs, timeoutMs, got the boolean true"],
  [{ heartbeat: { intervalMs: 20_000 } }, "heartbeat.timeoutMs: expected milliseconds above 0"],
  [
    { backoff: { attempts: 3 } },
    "backoff.attempts: unknown option of `backoff`; the options are maxAttempts, initialDelayMs, maxDelayMs",
  ],
  [{ backoff: { maxAttempts: 0 } }, "backoff.maxAttempts: expected a whole number of at least 1, got the number 0"],
  [{ giveUpAfter: 3 }, "giveUpAfter: expected an object with failures, withinMs, got the number 3"],
  [{ queueCapacity: 1.5 }, "queueCapacity: expected a whole number of at least 1, got the number 1.5"],
  [{ environment: { socketFactory: {} } }, "environment.socketFactory: expected a function, got an object"],
  [{ environment: { clock: Date } }, "environment.clock: expected a clock with now() and schedule(), got a function"],
  [{ logger: () => undefined }, "logger: expected a logger with debug() and warn(), got a function"],
])("a connection with %o is refused", (options, message) => {
  expect(withOptions(options)).toThrow(InvalidArgumentError);
  expect(withOptions(options)).toThrow(message);
});

test.each<[string, () => unknown, string]>([
  [
    "a target that is none",
    () => new ReconnectingWebsocket(untyped(target)),
    "target: expected a function, got an object",
  ],
  [
    "an unknown event",
    () => new ReconnectingWebsocket(() => target).on(untyped("connect"), () => undefined),
    "connect: unknown event of ReconnectingWebsocket; did you mean `connected`?",
  ],
  [
    "a back-off",
    () => new Backoff({ maxDelayMs: -1 }, Math.random),
    "maxDelayMs: expected milliseconds from 0 to 2^31 - 1, got the number -1",
  ],
  [
    "a limit of failures",
    () => new FailureStreak({ failures: 0 }),
    "failures: expected a whole number of at least 1, got the number 0",
  ],
  [
    "a heartbeat",
    () =>
      new Heartbeat(
        untyped({ intervalMs: 5 }),
        new VirtualClock(),
        () => undefined,
        () => undefined,
      ),
    "timeoutMs: expected milliseconds above 0",
  ],
  [
    "a queue",
    () => new BoundedQueue({ capacity: 0 }),
    "capacity: expected a whole number of at least 1, got the number 0",
  ],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(InvalidArgumentError);
  expect(make).toThrow(message);
});
