export { FileInput, type FileInputOptions } from "./file/file-input.ts";
export { FileOutput, type FileOutputOptions } from "./file/file-output.ts";
export { FileTransport, type FileTransportOptions } from "./file/file-transport.ts";
export type { AudioSource } from "./file/source.ts";
export { InputTransport, type InputTransportOptions } from "./input-transport.ts";
export {
  type Interrupted,
  OutputTransport,
  type OutputTransportEvents,
  type OutputTransportOptions,
} from "./output-transport.ts";
export type { OutputChunk, OutputTransportStats, PacerOptions, Underrun } from "./pacer.ts";
export type { PlayedReport } from "./websocket/client/utterances.ts";
export { WebsocketTransport, type WebsocketTransportEvents } from "./websocket/client/websocket-transport.ts";
export type {
  VerifyClient,
  WebsocketServerTimeouts,
  WebsocketServerTransportOptions,
} from "./websocket/server/server-options.ts";
export { WebsocketServerTransport } from "./websocket/server/websocket-server-transport.ts";
