import { type Fault, type FaultStage, readFault, stageOf } from "./fault.ts";

/** A fault that has been asked for. */
export interface FaultHandle {
  readonly fault: Fault;
  /** How often it has struck. */
  readonly struck: number;
  /** Takes it away, wherever it still would have struck. */
  remove(): void;
}

/** Where something happens, for a fault to strike there. */
export interface Place {
  readonly transport: "websocket" | "http";
  readonly connection?: number;
  readonly request?: number;
}

/** A fault with what is left of it. */
export class ArmedFault implements FaultHandle {
  readonly fault: Fault;
  readonly stage: FaultStage;
  struck = 0;
  #left: number;

  constructor(fault: Fault) {
    this.fault = fault;
    this.stage = stageOf(fault);
    this.#left = fault.times === "always" ? Infinity : (fault.times ?? 1);
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  fits(stage: FaultStage, place: Place): boolean {
    const { transport, connection, request } = this.fault;
    if (this.stage !== stage || this.spent) return false;
    if (transport !== undefined && transport !== place.transport) return false;
    if (connection !== undefined && connection !== place.connection) return false;
    return request === undefined || request === place.request;
  }

  strike(): Fault {
    this.struck += 1;
    this.#left -= 1;
    return this.fault;
  }

  remove(): void {
    this.#left = 0;
  }
}

/** The faults of a server, which strike in the order in which they were asked for. */
export class Faults {
  #armed: ArmedFault[] = [];

  /** Asks for a fault. Throws an `InvalidArgumentError` for one that cannot be. */
  add(fault: Fault): FaultHandle {
    const armed = new ArmedFault(readFault(fault));
    this.#armed.push(armed);
    return armed;
  }

  /** The faults that have not been used up. */
  get pending(): readonly FaultHandle[] {
    return this.#left();
  }

  /** Takes all of them away. */
  clear(): void {
    for (const armed of this.#armed) armed.remove();
    this.#armed = [];
  }

  #left(): ArmedFault[] {
    if (this.#armed.some((armed) => armed.spent)) this.#armed = this.#armed.filter((armed) => !armed.spent);
    return this.#armed;
  }

  /** Those that fit a place and stage, and are still to strike. */
  static at(source: Faults, stage: FaultStage, place: Place, own: readonly ArmedFault[] = []): ArmedFault[] {
    if (source.#armed.length === 0 && own.length === 0) return [];
    return [...own, ...source.#left()].filter((armed) => armed.fits(stage, place));
  }
}

/** The faults a client asks for by the header of its own connection or request. */
export function readFaultHeader(value: string | undefined, transport: "websocket" | "http"): ArmedFault[] {
  if (value === undefined) return [];
  const parsed: unknown = JSON.parse(value);
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.map((fault, index) => new ArmedFault(readFault({ ...(fault as object), transport }, `[${index}]`)));
}
