import type { WebSocket } from "ws";
import { InvalidArgumentError } from "turnwire/internal";
import { closeCodes, type HelloMessage, protocolVersion, readClientMessage, type ServerMessage } from "../protocol.ts";
import type { ServerSettings } from "./server-options.ts";

/**
 * Waits for a client's `hello`, and refuses a client that sends something else or nothing. `onHello` is called within the
 * message's event, so that no later message is missed.
 */
export function greet(
  socket: WebSocket,
  { timeouts, clock }: ServerSettings,
  onHello: (hello: HelloMessage) => void,
): void {
  const stop = (): void => {
    cancelTimer();
    socket.off("message", onMessage);
    socket.off("close", stop);
  };
  const refuse = (code: number, error: InvalidArgumentError): void => {
    socket.send(JSON.stringify({ type: "error", field: error.field, message: error.message } satisfies ServerMessage));
    socket.close(code, "no hello");
  };
  const onMessage = (data: Buffer, isBinary: boolean): void => {
    stop();
    try {
      if (isBinary) throw new InvalidArgumentError("message", "expected a hello before audio");
      const message = readClientMessage(data.toString("utf8"));
      if (message.type !== "hello") throw new InvalidArgumentError("type", "expected hello in the first message");
      if (message.version !== protocolVersion) {
        throw new InvalidArgumentError("version", `expected ${protocolVersion}, got the number ${message.version}`);
      }
      onHello(message);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      refuse(error.field === "message" && !isBinary ? closeCodes.invalidPayload : closeCodes.policy, error);
    }
  };
  const cancelTimer = clock.schedule(() => {
    stop();
    refuse(closeCodes.policy, new InvalidArgumentError("message", `expected a hello within ${timeouts.helloMs} ms`));
  }, timeouts.helloMs);
  socket.on("message", onMessage);
  socket.on("close", stop);
}
