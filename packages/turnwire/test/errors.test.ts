import { expect, expectTypeOf, test } from "vitest";
import type * as Errors from "../src/errors.ts";
import {
  FunctionCallError,
  InvalidArgumentError,
  ProviderError,
  TimeoutError,
  toTurnwireError,
  TurnwireError,
  type TurnwireErrorCode,
  WebsocketClosedError,
} from "../src/errors.ts";

/** The same module, loaded a second time: its classes are different ones. */
const again = "../src/errors.ts?again";
const copy = (await import(again)) as typeof Errors;

test("an error of another copy of the package is recognised by its class and the classes above it", () => {
  const error: unknown = new copy.TimeoutError("connect", 10);
  expect(error instanceof TurnwireError).toBe(false);
  expect(TurnwireError.isInstance(error)).toBe(true);
  expect(TimeoutError.isInstance(error)).toBe(true);
  expect(ProviderError.isInstance(error)).toBe(false);
  expect(TurnwireError.isInstance(new copy.TurnwireError("x", "plain"))).toBe(true);
  expect(TimeoutError.isInstance(new copy.TurnwireError("timeout", "no TimeoutError"))).toBe(false);
});

test.each([["text"], [null], [undefined], [new Error("plain")], [{ code: "timeout" }]])(
  "%j is no TurnwireError",
  (value) => {
    expect(TurnwireError.isInstance(value)).toBe(false);
  },
);

test("isInstance narrows to its class", () => {
  const error: unknown = new TimeoutError("connect", 10);
  if (!TimeoutError.isInstance(error)) throw new Error("not recognised");
  expectTypeOf(error).toEqualTypeOf<TimeoutError>();
  expect(error.limitMs).toBe(10);
});

test("a class of the application differs from the one it extends, and has its own name", () => {
  class QuotaError extends FunctionCallError {
    readonly left = 0;
  }
  const own = new QuotaError("order", "no more orders");
  expect(own.name).toBe("QuotaError");
  expect([QuotaError.isInstance(own), FunctionCallError.isInstance(own), TurnwireError.isInstance(own)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(QuotaError.isInstance(new FunctionCallError("order", "failed"))).toBe(false);
  expect(QuotaError.isInstance(new copy.FunctionCallError("order", "failed"))).toBe(false);
  expect(copy.FunctionCallError.isInstance(own)).toBe(true);
});

test("the marker is no field: it is neither printed nor in JSON", () => {
  const error = new WebsocketClosedError(1001, "going away");
  expect(error.name).toBe("WebsocketClosedError");
  expect(Object.keys(error).toSorted()).toEqual(["closeCode", "code", "name", "reason", "retryable"]);
});

test("toTurnwireError leaves an error of another copy as it is, and wraps what is none", () => {
  const other = new copy.InvalidArgumentError("field", "expected less");
  expect(toTurnwireError(other, "inference_failed", "wrapped")).toBe(other);
  const cause = new Error("plain");
  expect(toTurnwireError(cause, "inference_failed", "wrapped")).toMatchObject({ code: "inference_failed", cause });
});

test("the code is one of the known ones, or a provider's", () => {
  expectTypeOf<TurnwireErrorCode>().toExtend<TurnwireError["code"]>();
  expect(new InvalidArgumentError("field", "expected less").code).toBe("invalid_argument");
  expect(new ProviderError("rate_limit_exceeded", "slow down").code).toBe("rate_limit_exceeded");
});
