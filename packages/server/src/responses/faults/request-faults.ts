import { type Clock, delay, untilAborted } from "turnwire/internal";
import type { FaultList, PendingFault } from "../../kit/index.ts";
import type { EventSink } from "../events.ts";
import type { Fault } from "./fault.ts";
import { faultsAt, type FaultSite } from "./faults-at.ts";
import { FaultySink } from "./faulty-sink.ts";
import { type FaultScope, type FaultTarget, injectError, injectIntoTransport } from "./inject.ts";

/** The faults of one request: those of the server that fit it, and those that its client asked for. */
export class RequestFaults {
  readonly #scope: FaultScope;
  readonly #at: (stage: "request" | "event") => Array<PendingFault<Fault>>;

  constructor(
    { faults, clock }: { readonly faults: FaultList<Fault>; readonly clock: Clock },
    site: FaultSite,
    own: ReadonlyArray<PendingFault<Fault>>,
    on: FaultTarget,
    signal: AbortSignal,
  ) {
    this.#scope = { on, clock, signal };
    this.#at = (stage) => faultsAt(faults, stage, site, own);
  }

  /** Injects the faults that come before the answer. Returns false if the request is not to be answered any more. */
  async before(): Promise<boolean> {
    const { on, signal } = this.#scope;
    for (const pending of this.#at("request")) {
      if (pending.isSpent) continue;
      const fault = pending.inject();
      if (fault.fault === "delay") await delay(fault.ms, this.#scope);
      else if (fault.fault === "silence") await untilAborted(new Promise(() => undefined), signal);
      else if (fault.fault === "error") {
        injectError(fault, on);
        return false;
      } else injectIntoTransport(fault, on);
    }
    return true;
  }

  /** The sink, with the faults of the events on their way to it. */
  around(sink: EventSink): EventSink {
    const faults = this.#at("event");
    return faults.length === 0 ? sink : new FaultySink(sink, faults, this.#scope);
  }
}
