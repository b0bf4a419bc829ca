import { checkName, checkValue, is } from "../checks/index.ts";
import type { Logger } from "./ports.ts";

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
  readonly #owner: string;
  #known: readonly string[] | undefined;

  /** @param owner Whose events they are, for error messages. */
  constructor(onListenerError: (event: string, error: unknown) => void, owner = "this object") {
    this.#onListenerError = onListenerError;
    this.#owner = owner;
  }

  /** Events of `owner` with these names. An error of a listener is logged. */
  static logging<Events extends EventMap<Events>>(
    owner: string,
    logger: Logger,
    events: ReadonlyArray<keyof Events & string>,
  ): Emitter<Events> {
    const onListenerError = (event: string, error: unknown): void =>
      logger.warn(`a listener of "${event}" failed`, { error });
    const emitter = new Emitter<Events>(onListenerError, owner);
    emitter.declare(...events);
    return emitter;
  }

  /** Names the events that there are, in addition to those named before. `on` then refuses other names. */
  declare(...events: ReadonlyArray<keyof Events & string>): void {
    this.#known = [...(this.#known ?? []), ...events];
  }

  /**
   * Adds a listener. The function returned removes it.
   * @throws InvalidArgumentError when the listener is not a function, or there is no such event.
   */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    if (this.#known !== undefined) checkName("event", String(event), this.#known, this.#owner);
    checkValue(listener, "listener", is.func);
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
