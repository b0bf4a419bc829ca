import type { WebSocket } from "ws";
import type { Clock } from "turnwire/internal";
import { InvalidArgumentError } from "turnwire/internal";
import { closeCodes } from "./close-codes.ts";
import { type HelloMessage, protocolVersion, readClientMessage, type ServerMessage } from "./messages.ts";

/**
 * Waits for a client's `hello`, and refuses one that says something else or nothing. `done` is called within the
 * message's event: nothing that comes right behind it is missed. The answer gives up waiting.
 */
export function greet(
  socket: WebSocket,
  options: { timeoutMs: number; clock: Clock; done: (hello: HelloMessage) => void },
): () => void {
  const { timeoutMs, clock, done } = options;
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
      if (isBinary) throw new InvalidArgumentError("message", "must be a hello before audio");
      const message = readClientMessage(data.toString("utf8"));
      if (message.type !== "hello") throw new InvalidArgumentError("type", "must be hello in the first message");
      if (message.version !== protocolVersion) {
        throw new InvalidArgumentError("version", `must be ${protocolVersion}, not ${message.version}`);
      }
      done(message);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      refuse(error.field === "message" && !isBinary ? closeCodes.invalidPayload : closeCodes.policy, error);
    }
  };
  const cancelTimer = clock.schedule(() => {
    stop();
    refuse(closeCodes.policy, new InvalidArgumentError("message", `must be a hello within ${timeoutMs} ms`));
  }, timeoutMs);
  socket.on("message", onMessage);
  socket.on("close", stop);
  return stop;
}
