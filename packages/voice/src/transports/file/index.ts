export { FileInput, type FileInputOptions } from "./file-input.ts";
export { FileOutput, type FileOutputOptions } from "./file-output.ts";
export { FileTransport, type FileTransportOptions } from "./file-transport.ts";
export type { AudioSource } from "./source.ts";
