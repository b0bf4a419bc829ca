import { setImmediate } from "node:timers/promises";

/** One turn of the event loop: runs all promise jobs, reads sockets that have data, fires real timers that are due. */
export async function settle(): Promise<void> {
  await setImmediate();
}

/** Checks again after every turn of the event loop until the condition holds; the test's time limit is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The state of the promise after one turn of the event loop: its value, its error, or "pending". */
export async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Symbol("pending");
  const first = Promise.race([promise, settle().then(() => pending)]);
  const state = await first.catch((error: unknown) => error);
  return state === pending ? "pending" : state;
}

/** Whether the promise is resolved or rejected after one turn of the event loop. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await settle();
  return settled;
}

/** The error that the promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the promise was expected to reject");
}
