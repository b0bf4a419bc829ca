import { type Clock, delay, untilAborted } from "turnwire/internal";
import { ResponsesApiError } from "../api-error.ts";
import type { ErrorShape } from "../error-shapes.ts";
import type { PendingFault } from "../../kit/index.ts";
import type { EventBody, EventSink } from "../events.ts";
import type { Fault } from "./fault.ts";

/** What a fault can do to the connection of a request. */
export interface FaultTarget {
  close(code: number, reason: string): void;
  /** Cuts the connection off without a close frame. */
  reset(): void;
  /** Neither reads nor writes any more. */
  freeze(): void;
  /** Sends a text as it is. */
  raw(text: string): void;
  /** Forgets the responses that could be continued. */
  evict(): void;
  /** Sends an error of the response in a shape of choice. */
  error(error: ResponsesApiError, shape: ErrorShape, response: object | undefined): void;
}

type Of<K extends Fault["fault"]> = Extract<Fault, { fault: K }>;

/** The faults that do the same at every stage. */
const onTransport: {
  [K in "close" | "reset" | "half-open" | "garbage" | "evict"]: (fault: Of<K>, on: FaultTarget) => void;
} = {
  close: ({ code = 1011, reason = "" }, on) => on.close(code, reason),
  reset: (_fault, on) => on.reset(),
  "half-open": (_fault, on) => on.freeze(),
  garbage: ({ text = "this is no event {" }, on) => on.raw(text),
  evict: (_fault, on) => on.evict(),
};

export function injectIntoTransport(fault: Fault, on: FaultTarget): void {
  if (!(fault.fault in onTransport)) return;
  (onTransport[fault.fault as keyof typeof onTransport] as (fault: Fault, on: FaultTarget) => void)(fault, on);
}

/** Thrown to end an answer after a fault: nothing more of it is sent. */
class CutShort extends ResponsesApiError {
  constructor() {
    super({ status: 500, code: "server_error", message: "A fault has ended the response." });
  }
}

/** Injects the faults of the request stage. Returns false if the request is not to be answered any more. */
export async function injectIntoRequest(
  faults: ReadonlyArray<PendingFault<Fault>>,
  on: FaultTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  for (const pending of faults) {
    if (pending.isSpent) continue;
    const fault = pending.inject();
    if (fault.fault === "delay") await delay(fault.ms, { signal, clock });
    else if (fault.fault === "silence") await untilAborted(new Promise(() => undefined), signal);
    else if (fault.fault === "error") {
      on.error(errorOf(fault), fault.shape ?? "wrapped", undefined);
      return false;
    } else injectIntoTransport(fault, on);
  }
  return true;
}

export function errorOf(fault: Of<"error">): ResponsesApiError {
  const { status = 500, code, message = "A fault was asked for here.", param, retryAfterMs } = fault;
  const headers = retryAfterMs === undefined ? {} : { headers: { "retry-after-ms": String(retryAfterMs) } };
  return new ResponsesApiError({
    status,
    message,
    code: code ?? (status >= 500 ? "server_error" : null),
    param: param ?? null,
    ...(status === 429 ? { type: "too_many_requests" } : {}),
    ...headers,
  });
}

/** Passes the events of a response on, and injects faults on their way. */
export class FaultySink implements EventSink {
  readonly #inner: EventSink;
  readonly #faults: ReadonlyArray<PendingFault<Fault>>;
  readonly #on: FaultTarget;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  #count = 0;
  #response: object | undefined;
  #queue: EventBody[] = [];
  #held: EventBody | undefined;
  #delayed: Promise<void> | undefined;
  #over: "cut" | "silent" | undefined;

  constructor(
    inner: EventSink,
    faults: ReadonlyArray<PendingFault<Fault>>,
    on: FaultTarget,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#inner = inner;
    this.#faults = faults;
    this.#on = on;
    this.#clock = clock;
    this.#signal = signal;
  }

  event(body: EventBody): void {
    if (this.#over !== undefined) return;
    if ("response" in body) this.#response = body.response;
    this.#count += 1;
    const faults = this.#inject(body.type);
    this.#seen.add(body.type);
    this.#pass(body, faults);
  }

  error(error: ResponsesApiError): void {
    if (this.#over !== undefined) return;
    this.#flush();
    this.#inner.error(error);
  }

  async ready(signal: AbortSignal): Promise<void> {
    if (this.#over === "silent") await untilAborted(new Promise(() => undefined), signal);
    if (this.#delayed !== undefined) await untilAborted(this.#delayed, signal);
    await this.#inner.ready(signal);
  }

  async settled(signal: AbortSignal): Promise<void> {
    await this.ready(signal);
    this.#flush();
  }

  #inject(type: string): Fault[] {
    const due = this.#faults.filter(({ fault, isSpent }) => {
      if (isSpent) return false;
      return typeof fault.event === "string"
        ? fault.event === type && !this.#seen.has(type)
        : (fault.event ?? 1) === this.#count;
    });
    return due.map((pending) => pending.inject());
  }

  #pass(body: EventBody, faults: readonly Fault[]): void {
    let copies = 1;
    let late = false;
    for (const fault of faults) {
      if (fault.fault === "drop") copies = 0;
      else if (fault.fault === "duplicate") copies += 1;
      else if (fault.fault === "reorder") late = true;
      else if (fault.fault === "delay") this.#wait(fault.ms);
      else if (fault.fault === "silence") return this.#end("silent");
      else if (fault.fault === "error") {
        this.#flush();
        this.#on.error(errorOf(fault), fault.shape ?? "wrapped", this.#response);
        this.#end("cut");
        throw new CutShort();
      } else injectIntoTransport(fault, this.#on);
    }
    for (let copy = 0; copy < copies; copy += 1) this.#send(body, late);
  }

  #send(body: EventBody, late: boolean): void {
    if (late) {
      this.#held = body;
      return;
    }
    if (this.#delayed === undefined) this.#inner.event(body);
    else this.#queue.push(body);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#send(held, false);
  }

  #wait(ms: number): void {
    const before = this.#delayed ?? Promise.resolve();
    const waiting = before.then(() => delay(ms, { clock: this.#clock, signal: this.#signal }));
    const over = (): void => {
      if (this.#delayed !== settled) return;
      this.#delayed = undefined;
      this.#flush();
    };
    // A client that cancels still gets the events that were delayed.
    const settled: Promise<void> = waiting.then(over, over);
    this.#delayed = settled;
  }

  /** Sends the events that were held back. */
  #flush(): void {
    const queue = this.#held === undefined ? this.#queue : [...this.#queue, this.#held];
    this.#queue = [];
    this.#held = undefined;
    for (const body of queue) this.#inner.event(body);
  }

  #end(over: "cut" | "silent"): void {
    this.#flush();
    this.#over = over;
  }
}
