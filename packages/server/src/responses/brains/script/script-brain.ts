import { checkOptions, is, systemClock } from "turnwire/internal";
import { clockCheck, type ServerEnvironment } from "../../../kit/index.ts";
import { ResponsesApiError } from "../../api-error.ts";
import type { Brain, BrainRequest } from "../../brain.ts";
import type { ScriptFixture, ScriptReply } from "./fixture.ts";
import { fits, type Situation, situationOf } from "./matching.ts";
import { say } from "./say-reply.ts";
import { readFixture } from "./read-fixture.ts";

export interface ScriptBrainOptions {
  /** Whether the script's delays are kept to. Default: true. */
  delays?: boolean;
  environment?: Pick<ServerEnvironment, "clock">;
}

export const timedBrainChecks = { delays: is.flag, environment: is.group({ clock: clockCheck }) };

/**
 * A brain that answers by a script: a fixture, or the path of a JSON file with one. Each request gets the reply of the
 * first turn that fits it and is not used up, otherwise the fallback. Requests are counted over all connections.
 *
 * ```ts
 * const brain = scriptBrain({
 *   turns: [
 *     { when: { user: /weather/i }, reply: { call: "get_weather", arguments: { city: "Paris" } } },
 *     { when: { toolOutput: { name: "get_weather" } }, reply: "It is sunny." },
 *   ],
 *   fallback: "Ask me about the weather.",
 * });
 * ```
 *
 * @throws InvalidArgumentError naming the field of the fixture, or the file, that cannot be used.
 */
export function scriptBrain(fixture: ScriptFixture | string | URL, options: ScriptBrainOptions = {}): Brain {
  checkOptions("scriptBrain()", options, timedBrainChecks);
  const { delays = true, environment: { clock = systemClock } = {} } = options;
  const replyTo = replies(readFixture(fixture));
  // Not a generator: the reply has to be chosen when the request comes, not when its first output is read.
  const brain: Brain = (request) => say(replyTo(request), { signal: request.signal, clock, delays });
  return Object.assign(brain, { countsTokens: true });
}

/** Returns what chooses the reply to each request. It counts how often each turn was used. */
function replies({ turns, fallback }: ScriptFixture): (request: BrainRequest) => ScriptReply {
  const uses = turns.map(() => 0);
  let requests = 0;
  const isUsedUp = (index: number): boolean => uses[index]! >= (turns[index]!.times ?? Infinity);
  return (request) => {
    requests += 1;
    const situation = situationOf(request, requests);
    const index = turns.findIndex(({ when = {} }, place) => !isUsedUp(place) && fits(when, situation));
    const reply = turns[index]?.reply ?? fallback;
    if (reply === undefined)
      throw noReply(
        situation,
        turns.map((_, place) => isUsedUp(place)),
      );
    if (index >= 0) uses[index]! += 1;
    return reply;
  };
}

/** Says why, but quotes nothing of the conversation: the message ends up in logs. */
function noReply({ number, outputs, user }: Situation, isUsedUp: readonly boolean[]): ResponsesApiError {
  const usedUp = isUsedUp.flatMap((isUsed, index) => (isUsed ? [`turns[${index}]`] : []));
  const functions = [...new Set(outputs.map(({ name }) => name ?? "an unknown function"))].join(", ");
  const others = user === undefined ? "no message of the user" : "a message of the user";
  const ending = outputs.length > 0 ? `outputs of ${functions}` : others;
  const message =
    `The script has no reply for request ${number}, which ends with ${ending}: none of its ${isUsedUp.length} turns fits` +
    `${usedUp.length === 0 ? "" : `, and used up are ${usedUp.join(", ")}`}. Add a turn, or a fallback.`;
  return new ResponsesApiError({ status: 400, code: "no_scripted_reply", message });
}
