export {
  type AudioSource,
  FileInput,
  type FileInputOptions,
  FileOutput,
  type FileOutputOptions,
  FileTransport,
  type FileTransportOptions,
} from "./file/index.ts";
export { InputTransport, type InputTransportOptions } from "./input-transport.ts";
export {
  type Interrupted,
  OutputTransport,
  type OutputTransportEvents,
  type OutputTransportOptions,
} from "./output-transport.ts";
export type { OutputChunk, OutputTransportStats, PacerOptions, Underrun } from "./pacer.ts";
export {
  type PlayedReport,
  type VerifyClient,
  WebsocketServerTransport,
  type WebsocketServerTimeouts,
  type WebsocketServerTransportOptions,
  WebsocketTransport,
  type WebsocketTransportEvents,
} from "./websocket/index.ts";
