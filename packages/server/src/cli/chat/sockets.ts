import { type Socket, type SocketFactory, wsSocketFactory } from "turnwire";

/** Sockets that can be cut from outside, as a network would: the service that uses them is not told why. */
export class CuttableSockets {
  readonly #live = new Set<Socket>();

  readonly factory: SocketFactory = async (target, handlers) => {
    const socket = await wsSocketFactory(target, {
      ...handlers,
      onClose: (code, reason) => {
        this.#live.delete(socket);
        handlers.onClose(code, reason);
      },
    });
    this.#live.add(socket);
    return socket;
  };

  /** Cuts what is open; the answer is how many connections that were. */
  cut(): number {
    const cut = this.#live.size;
    for (const socket of this.#live) socket.terminate();
    return cut;
  }
}
