export type {
  ScriptCondition,
  ScriptError,
  ScriptFixture,
  ScriptPiece,
  ScriptReply,
  ScriptTurn,
  ScriptUsage,
  TextMatch,
} from "./fixture.ts";
export { recordingBrain, type RecordingBrainOptions } from "./recording-brain.ts";
export { scriptBrain, type ScriptBrainOptions } from "./script-brain.ts";
