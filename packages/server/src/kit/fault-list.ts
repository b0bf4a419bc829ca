/** A fault that a server was asked for. */
export interface FaultHandle<Fault> {
  readonly fault: Fault;
  /** How often it was injected. */
  readonly injected: number;
  /** Takes the fault back: it is not injected any more. */
  remove(): void;
}

interface Repeated {
  readonly times?: number | "always";
}

/** A fault and how often it is still to be injected. */
export class PendingFault<Fault extends Repeated> implements FaultHandle<Fault> {
  readonly fault: Fault;
  injected = 0;
  #left: number;

  constructor(fault: Fault) {
    this.fault = fault;
    this.#left = fault.times === "always" ? Infinity : (fault.times ?? 1);
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Counts the fault as injected once more, and returns it. */
  inject(): Fault {
    this.injected += 1;
    this.#left -= 1;
    return this.fault;
  }

  remove(): void {
    this.#left = 0;
  }
}

/** The faults of a server, which are injected in the order in which they were added. */
export class FaultList<Fault extends Repeated> {
  readonly #check: (fault: unknown) => Fault;
  #pending: Array<PendingFault<Fault>> = [];

  /** @param check Throws an `InvalidArgumentError` for a fault that makes no sense. */
  constructor(check: (fault: unknown) => Fault) {
    this.#check = check;
  }

  /** @throws InvalidArgumentError for a fault that makes no sense. */
  add(fault: Fault): FaultHandle<Fault> {
    const pending = new PendingFault(this.#check(fault));
    this.#pending.push(pending);
    return pending;
  }

  /** The faults that are still to be injected. */
  get pending(): ReadonlyArray<FaultHandle<Fault>> {
    return FaultList.matching(this, () => true);
  }

  /** Removes all faults. */
  clear(): void {
    for (const pending of this.#pending) pending.remove();
    this.#pending = [];
  }

  /** The faults that are still to be injected and fit. Static, since it is not for users of a server. */
  static matching<Fault extends Repeated>(
    list: FaultList<Fault>,
    fits: (fault: Fault) => boolean,
  ): Array<PendingFault<Fault>> {
    if (list.#pending.some(({ isSpent }) => isSpent)) list.#pending = list.#pending.filter(({ isSpent }) => !isSpent);
    return list.#pending.filter(({ fault }) => fits(fault));
  }
}
