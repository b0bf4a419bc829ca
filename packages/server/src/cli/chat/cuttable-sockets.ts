import { type Socket, type SocketFactory, wsSocketFactory } from "turnwire/provider";

/** Sockets that can be cut from outside, as a network would do it: the service is not told why. */
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

  /** Cuts the open connections. Returns how many there were. */
  cut(): number {
    const cut = this.#live.size;
    for (const socket of this.#live) socket.terminate();
    return cut;
  }
}
