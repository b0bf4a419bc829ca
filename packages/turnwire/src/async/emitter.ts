import { InvalidArgumentError, kindOf } from "../errors.ts";

/** A map from the names of events to the arguments of their listeners. */
export type EventMap<Events> = { [K in keyof Events]: unknown[] };

/** A listener of an event. If it returns a promise, a rejection of it is reported as a throw is. */
export type Listener<Args extends unknown[]> = (...args: Args) => void | Promise<void>;

/** Anything whose events can be listened to. */
export interface EventSource<Events extends EventMap<Events>> {
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void;
}

/**
 * Typed events. A listener that throws stops neither the others nor the emitter: its error is given to `onListenerError`.
 */
export class Emitter<Events extends EventMap<Events>> implements EventSource<Events> {
  readonly #listeners = new Map<PropertyKey, Set<Listener<never>>>();
  readonly #onListenerError: (event: string, error: unknown) => void;

  constructor(onListenerError: (event: string, error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /**
   * Adds a listener. The function returned removes it.
   * @throws InvalidArgumentError when the listener is not a function.
   */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    if (typeof listener !== "function") {
      throw new InvalidArgumentError("listener", `expected a function, got ${kindOf(listener)}`);
    }
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Set()));
    listeners.add(listener);
    return () => this.off(event, listener);
  }

  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Emits the events of another source as this emitter's own. The function returned ends that. */
  forward<K extends keyof Events>(source: EventSource<Pick<Events, K>>, events: readonly K[]): () => void {
    const removals = events.map((event) => source.on(event, (...args: Events[K]) => this.emit(event, ...args)));
    return () => {
      for (const remove of removals) remove();
    };
  }

  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined || listeners.size === 0) return;
    // A copy, since a listener that is added meanwhile is not called for this event.
    for (const listener of [...listeners]) {
      if (!listeners.has(listener)) continue;
      try {
        const result = (listener as Listener<unknown[]>)(...args);
        if (result instanceof Promise) result.catch((error: unknown) => this.#onListenerError(String(event), error));
      } catch (error) {
        this.#onListenerError(String(event), error);
      }
    }
  }
}
