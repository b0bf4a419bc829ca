export { closeCodes } from "./close-codes.ts";
export {
  type ClientMessage,
  clientMessageTypes,
  type HelloMessage,
  protocolVersion,
  readClientMessage,
  type ServerMessage,
} from "./messages.ts";
