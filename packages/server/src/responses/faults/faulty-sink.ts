import { delay, untilAborted } from "turnwire/internal";
import { ResponsesApiError } from "../api-error.ts";
import type { PendingFault } from "../../kit/index.ts";
import type { EventBody, EventSink } from "../events.ts";
import type { Fault } from "./fault.ts";
import { type FaultScope, injectError, injectIntoTransport } from "./inject.ts";

/** Thrown to end an answer after a fault: nothing more of it is sent. */
class CutShort extends ResponsesApiError {
  constructor() {
    super({ status: 500, code: "server_error", message: "A fault has ended the response." });
  }
}

/** Passes the events of a response on, and injects faults on their way. */
export class FaultySink implements EventSink {
  readonly #inner: EventSink;
  readonly #faults: ReadonlyArray<PendingFault<Fault>>;
  readonly #scope: FaultScope;
  readonly #seen = new Set<string>();
  #count = 0;
  #response: object | undefined;
  #queue: EventBody[] = [];
  #held: EventBody | undefined;
  #delayed: Promise<void> | undefined;
  #over: "cut" | "silent" | undefined;

  constructor(inner: EventSink, faults: ReadonlyArray<PendingFault<Fault>>, scope: FaultScope) {
    this.#inner = inner;
    this.#faults = faults;
    this.#scope = scope;
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
        injectError(fault, this.#scope.on, this.#response);
        this.#end("cut");
        throw new CutShort();
      } else injectIntoTransport(fault, this.#scope.on);
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
    const waiting = before.then(() => delay(ms, this.#scope));
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
