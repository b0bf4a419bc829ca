import { renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServerEnvironment } from "../../../kit/index.ts";
import { checkOptions, checkValue, InvalidArgumentError, is, systemClock } from "turnwire/internal";
import { toApiError } from "../../api-error.ts";
import type { Brain, BrainOutput, BrainRequest } from "../../brain.ts";
import type { ScriptCondition, ScriptFixture, ScriptPiece, ScriptTurn } from "./fixture.ts";
import { timedBrainChecks } from "./script-brain.ts";
import { situationOf } from "./matching.ts";
import { Transcript } from "./transcript.ts";

export interface RecordingBrainOptions {
  /** Whether the time before each piece is recorded. Default: true. */
  delays?: boolean;
  environment?: Pick<ServerEnvironment, "clock">;
}

/**
 * A brain that passes on another brain's answers and writes them to a fixture for `scriptBrain`, a turn for each request in
 * the order in which they came. An existing file is replaced. It is up to date whenever a response has ended. It holds the
 * conversation, so treat it like the conversation. If it cannot be written, the response fails.
 *
 * ```ts
 * const brain = recordingBrain(upstreamBrain({ url, model }), "test/fixtures/weather.json");
 * ```
 *
 * @throws InvalidArgumentError when the file cannot be written.
 */
export function recordingBrain(inner: Brain, path: string | URL, options: RecordingBrainOptions = {}): Brain {
  checkValue(inner, "inner", is.func);
  checkValue(path, "path", is.anyOf(is.text, is.instanceOf(URL, "a URL")));
  checkOptions("recordingBrain()", options, timedBrainChecks);
  const { delays = true, environment: { clock = systemClock } = {} } = options;
  const recording = new Recording(typeof path === "string" ? path : fileURLToPath(path));
  const brain: Brain = (request) => {
    const turn = recording.begin(request);
    const transcript = new Transcript(delays ? clock : undefined);
    return record(inner, request, transcript, () => recording.end(turn, transcript.pieces()));
  };
  return Object.assign(brain, { countsTokens: inner.countsTokens ?? false });
}

async function* record(
  inner: Brain,
  request: BrainRequest,
  transcript: Transcript,
  end: () => void,
): AsyncGenerator<BrainOutput, void> {
  const { signal } = request;
  let isWhole = false;
  try {
    for await (const output of inner(request)) {
      transcript.add(output);
      yield output;
    }
    isWhole = true;
  } catch (error) {
    // After a cancellation the brain's error is no failure.
    if (!signal.aborted) transcript.fail(toApiError(error));
    isWhole = !signal.aborted;
    throw error;
  } finally {
    if (!isWhole) transcript.cutShort(signal.aborted);
    end();
  }
}

/** The fixture that is being written. A turn gets its place when its request comes. */
class Recording {
  readonly #path: string;
  readonly #turns: Array<Omit<ScriptTurn, "reply"> & { reply?: ScriptPiece[] }> = [];

  constructor(path: string) {
    this.#path = path;
    try {
      this.#write();
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
      throw new InvalidArgumentError("path", `the file ${path} cannot be written${code}`, { cause });
    }
  }

  begin(request: BrainRequest): number {
    const situation = situationOf(request, 0);
    const when: ScriptCondition = situation.user === undefined ? {} : { user: situation.user };
    const name = situation.outputs[0]?.name;
    if (situation.outputs.length > 0) when.toolOutput = name === undefined ? true : { name };
    return this.#turns.push({ when, times: 1 }) - 1;
  }

  end(turn: number, reply: ScriptPiece[]): void {
    const entry = this.#turns[turn];
    if (entry !== undefined) entry.reply = reply;
    this.#write();
  }

  /** At once, so that the file is whole when the client hears that its response is. */
  #write(): void {
    const turns = this.#turns.flatMap(({ reply, ...turn }): ScriptTurn[] =>
      reply === undefined ? [] : [{ ...turn, reply }],
    );
    const fixture: ScriptFixture = { version: 1, turns };
    writeFileSync(`${this.#path}.part`, `${JSON.stringify(fixture, undefined, 2)}\n`);
    renameSync(`${this.#path}.part`, this.#path);
  }
}
