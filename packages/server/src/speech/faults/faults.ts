import { checkFault, type SpeechFault } from "./fault.ts";

/** A fault that has been asked for. */
export interface SpeechFaultHandle {
  readonly fault: SpeechFault;
  /** How often it has struck. */
  readonly struck: number;
  /** Takes it away, wherever it still would have struck. */
  remove(): void;
}

/** A fault with what is left of it. */
export class ArmedFault implements SpeechFaultHandle {
  readonly fault: SpeechFault;
  struck = 0;
  #left: number;

  constructor(fault: SpeechFault) {
    this.fault = fault;
    this.#left = fault.times === "always" ? Infinity : (fault.times ?? 1);
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  fits(path: "listen" | "speak", connection: number): boolean {
    const { fault } = this;
    return (fault.path ?? path) === path && (fault.connection ?? connection) === connection && !this.spent;
  }

  strike(): void {
    this.struck += 1;
    this.#left -= 1;
  }

  remove(): void {
    this.#left = 0;
  }
}

/** The faults of a server, which strike in the order in which they were asked for. */
export class SpeechFaults {
  #armed: ArmedFault[] = [];

  /** Asks for a fault. It strikes at connections made from now on. Throws an `InvalidArgumentError` for one that cannot be. */
  add(fault: SpeechFault): SpeechFaultHandle {
    const armed = new ArmedFault(checkFault(fault));
    this.#armed.push(armed);
    return armed;
  }

  /** The faults that have not been used up. */
  get pending(): readonly SpeechFaultHandle[] {
    return this.#left();
  }

  /** Takes all of them away. */
  clear(): void {
    for (const armed of this.#armed) armed.remove();
    this.#armed = [];
  }

  /** Those for a connection. */
  static at(faults: SpeechFaults, path: "listen" | "speak", connection: number): ArmedFault[] {
    return faults.#left().filter((armed) => armed.fits(path, connection));
  }

  #left(): ArmedFault[] {
    if (this.#armed.some((armed) => armed.spent)) this.#armed = this.#armed.filter((armed) => !armed.spent);
    return this.#armed;
  }
}
