import type { LawName } from "./laws/laws.ts";

/** One change to a file of the client. `find` must occur in the file exactly once. */
export interface Patch {
  /** Relative to `packages/turnwire/src/`. */
  file: string;
  find: string;
  replace: string;
}

/** A deliberate bug that the simulation must find. */
export interface Mutant {
  name: string;
  /** The laws that may reveal it. Another law would be found broken by luck only. */
  breaks: readonly LawName[];
  patches: readonly Patch[];
}

/** If a change to the client removes one of these lines, put the bug into the code that replaces the line. */
export const mutants: readonly Mutant[] = [
  {
    name: "skip-drain",
    breaks: ["lanes"],
    patches: [
      {
        file: "openai/connection/responses-connection.ts",
        find: "if (lanes !== true && this.lanes.inFlight > 0) return undefined;",
        replace: "",
      },
      {
        file: "openai/connection/lanes.ts",
        find: "if (!lane.isFree || this.inFlight > 0) return undefined;",
        replace: "",
      },
    ],
  },
  {
    name: "drop-the-lane-check",
    breaks: ["stale text", "text", "frames", "ends", "conversation"],
    patches: [
      {
        file: "openai/connection/responses-connection.ts",
        find: "if (exchange.lane.name === laneName) return exchange;\n    return undefined;",
        replace: "if (exchange.lane.name === laneName) void exchange;\n    return this.#exchanges.at(-1);",
      },
    ],
  },
  {
    name: "blame-a-cancel-on-a-turn",
    breaks: ["cause"],
    patches: [
      {
        file: "openai/connection/responses-connection.ts",
        find: 'if (source.kind === "cancel") return',
        replace: 'if (source.kind === "cancel" && wire.code === "never") return',
      },
    ],
  },
  {
    name: "replay-after-output",
    breaks: ["replay", "text"],
    patches: [
      {
        file: "openai/retry/retry-policy.ts",
        find: "(state.hasOutput ? afterOutput(error, state) : undefined)",
        replace: "(state.characters < 0 ? afterOutput(error, state) : undefined)",
      },
    ],
  },
  {
    name: "keep-a-dead-parent",
    breaks: ["cause"],
    patches: [
      {
        file: "openai/llm-service/websocket-inference.ts",
        find: 'if (action === "forget-parent") this',
        replace: "if (!action) this",
      },
    ],
  },
  {
    name: "plan-without-comparing-the-output",
    breaks: ["conversation"],
    patches: [
      {
        file: "openai/request/continuation.ts",
        find: 'if (key?.kind !== "text" || !rest.startsWith(key.text)) return undefined;',
        replace: 'if (key?.kind !== "text") return undefined;',
      },
      { file: "openai/request/continuation.ts", find: "rest = rest.slice(key.text.length);", replace: 'rest = "";' },
    ],
  },
  {
    name: "plan-without-comparing-the-history",
    breaks: ["conversation"],
    patches: [
      {
        file: "openai/request/continuation.ts",
        find: "if (!conversation.sharesBeginning(response.conversation, index)) return",
        replace: "if (index > conversation.length) return",
      },
    ],
  },
  {
    name: "tool-on-unchecked-arguments",
    breaks: ["arguments"],
    patches: [
      {
        file: "llm/function-call-runner.ts",
        find: "if (tool === undefined) return args;",
        replace: "if (tool !== undefined || args !== undefined) return args;",
      },
    ],
  },
  {
    name: "no-end-frame-on-abort",
    breaks: ["frames"],
    patches: [
      {
        file: "llm/llm-service.ts",
        find: "void sink(new LLMFullResponseEndFrame(ending));",
        replace: "if (!interrupted) void sink(new LLMFullResponseEndFrame(ending));",
      },
    ],
  },
  {
    name: "no-output-for-a-cut-call",
    breaks: ["calls"],
    patches: [
      {
        file: "context/assistant-writer.ts",
        find: "this.#addOutput(call, cancelOnInterruption ? cancelledOutput : runningOutput);",
        replace: "if (!cancelOnInterruption) this.#addOutput(call, runningOutput);",
      },
      {
        file: "context/assistant-writer.ts",
        find: "else if (frame instanceof FunctionCallCancelFrame) this.#onCancel(frame);",
        replace: "else if (frame instanceof FunctionCallCancelFrame) void this.#onCancel;",
      },
    ],
  },
  {
    name: "say-the-finished-text-again",
    breaks: ["text"],
    patches: [
      {
        file: "openai/response/response-reader.ts",
        find: "this.#say(state, text.slice(said.length));",
        replace: "this.#say(state, text);",
      },
    ],
  },
  {
    name: "show-the-key",
    breaks: ["secret"],
    patches: [
      {
        file: "redaction.ts",
        find: 'return text.replace(keyPattern, "[key]");',
        replace: "return keyPattern ? text : text;",
      },
    ],
  },
  {
    name: "never-give-up-half-open-sockets",
    breaks: ["ends", "cause"],
    patches: [
      {
        file: "websocket/heartbeat.ts",
        find: "new Alarm(clock, onDead)",
        replace: "new Alarm(clock, () => void onDead)",
      },
    ],
  },
  {
    name: "leave-the-heartbeat-running",
    breaks: ["stop"],
    patches: [
      {
        file: "websocket/heartbeat.ts",
        find: "this.#silence.stop();",
        replace: "void this.#silence;",
      },
    ],
  },
];

/** @throws Error if no mutant has that name. */
export function mutantOf(name: string | undefined): Mutant | undefined {
  if (name === undefined) return undefined;
  const mutant = mutants.find((one) => one.name === name);
  if (mutant !== undefined) return mutant;
  throw new Error(`no mutant ${name}; there are: ${mutants.map((one) => one.name).join(", ")}`);
}
