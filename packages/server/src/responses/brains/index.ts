export {
  recordingBrain,
  type RecordingBrainOptions,
  scriptBrain,
  type ScriptBrainOptions,
  type ScriptCondition,
  type ScriptError,
  type ScriptFixture,
  type ScriptPiece,
  type ScriptReply,
  type ScriptTurn,
  type ScriptUsage,
  type TextMatch,
} from "./script/index.ts";
export { upstreamBrain, type UpstreamBrainOptions } from "./upstream/index.ts";
