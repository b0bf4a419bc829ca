export { pcm, samplesOf, sine } from "./audio.ts";
export { contextOf, flawsOf, gist, say, user } from "./conversation.ts";
export {
  anchorsOf,
  type Block,
  blocksOf,
  type Document,
  documents,
  fieldsOf,
  linksOf,
  read,
  root,
  source,
  tableUnder,
} from "./documents.ts";
export { bracketFlaws, collect, collectWithError, endOf, endsOf, textOf } from "./frames.ts";
export { MemoryNetwork, MemorySocket, type OnConnect } from "./memory-socket.ts";
export {
  certificateFile,
  ConnectProxy,
  type ConnectProxyOptions,
  freePort,
  Parrot,
  runAlone,
  TlsFront,
} from "./network.ts";
export { heldBy, seenBy } from "./oracle.ts";
export { type LogEntry, RecordingLogger } from "./recording-logger.ts";
export { between, Control, Data, type Handler, Kept, passOn, Scripted, show, System } from "./scripted-processor.ts";
export { completed, created, message, Peer, ScriptedServer, textEvents } from "./scripted-server.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { fired, isSettled, rejection, settle, stateOf, until } from "./waiting.ts";
