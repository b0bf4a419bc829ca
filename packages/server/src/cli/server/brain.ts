import { defined, InvalidArgumentError } from "turnwire/internal";
import { type Brain, recordingBrain, rulesBrain, scriptBrain, upstreamBrain } from "../../responses/index.ts";
import { naturalPace } from "../chat/backend.ts";
import { UsageError } from "../shared/read-args.ts";
import type { BrainChoice, ServerCommandOptions } from "./options.ts";

/** Makes the brain of the options. Its errors name the option. */
export function openBrain({ brain: choice, record }: Pick<ServerCommandOptions, "brain" | "record">): Brain {
  const brain = chosenBrain(choice);
  return record === undefined ? brain : blaming(`--record ${record}`, () => recordingBrain(brain, record));
}

function chosenBrain(choice: BrainChoice): Brain {
  if (choice.kind === "rules") return rulesBrain(choice.pace ? naturalPace : {});
  if (choice.kind === "script") return blaming(`--script ${choice.file}`, () => scriptBrain(choice.file));
  const { url, api, key, model } = choice;
  try {
    return upstreamBrain({
      url,
      api,
      ...(key === undefined ? {} : { apiKey: key }),
      ...defined({ model }),
    });
  } catch (error) {
    throw error instanceof InvalidArgumentError
      ? new UsageError(`--upstream: ${error.message}`, "turnwire server --help")
      : error;
  }
}

/** The error names the field of a fixture; this adds the option and its file. */
function blaming(option: string, make: () => Brain): Brain {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Error(`${option}: ${error.message.replace(/^(?:fixture|path): /, "")}`, { cause: error });
  }
}

/** Describes the brain in a few words, without a key. */
export function describeBrain({ brain, record }: Pick<ServerCommandOptions, "brain" | "record">): string {
  const recorded = record === undefined ? "" : `, recorded in ${record}`;
  if (brain.kind === "rules") return `rules, no language model${recorded}`;
  if (brain.kind === "script") return `script ${brain.file}${recorded}`;
  const model = brain.model === undefined ? "" : `${brain.model} `;
  const api = brain.api === "chat" ? "Chat Completions" : "Responses";
  return `${model}at ${new URL(brain.url).host} over ${api}${recorded}`;
}
