import { type TurnwireError, WebsocketClosedError } from "../../src/errors.ts";
import {
  ContinuousConnection,
  type ContinuousConnectionOptions,
  type ContinuousHandlers,
} from "../../src/websocket/index.ts";
import {
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "../../src/websocket/index.ts";
import { MemoryNetwork, type OnConnect, RecordingLogger, VirtualClock } from "@turnwire/test-kit";

export interface ContinuousFixture {
  clock: VirtualClock;
  network: MemoryNetwork;
  logger: RecordingLogger;
  websocket: ReconnectingWebsocket;
  connection: ContinuousConnection;
  /** The calls of the handlers, in order. */
  told: string[];
}

export interface ContinuousFixtureOptions extends ContinuousConnectionOptions {
  onConnect?: OnConnect;
  websocket?: ReconnectingWebsocketOptions;
  handlers?: Partial<ContinuousHandlers>;
  target?: () => WebsocketTarget;
}

/** A continuous connection over memory sockets with the shortest back-off: 125, 250, 500 ms. */
export function continuous(options: ContinuousFixtureOptions = {}): ContinuousFixture {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(options.onConnect);
  const logger = new RecordingLogger();
  const websocket = new ReconnectingWebsocket(options.target ?? (() => ({ url: "ws://memory.test/v1" })), {
    heartbeat: false,
    environment: { random: () => 0, socketFactory: network.factory, clock },
    logger,
    ...options.websocket,
  });
  const told: string[] = [];
  const handlers: ContinuousHandlers = {
    onOpen: (_connection, again) => void told.push(again ? "opened again" : "opened"),
    onMessage: (message) => void told.push(`message ${String(message)}`),
    onLost: (error) => void told.push(`lost ${error.closeCode}`),
    onFailed: (error) => void told.push(`given up: ${describeError(error)}`),
    ...options.handlers,
  };
  const connection = new ContinuousConnection(websocket, handlers, { clock, logger, ...options });
  return { clock, network, logger, websocket, connection, told };
}

function describeError(error: TurnwireError): string {
  return error instanceof WebsocketClosedError ? `${error.code} ${error.closeCode}` : error.code;
}
