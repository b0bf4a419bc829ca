import {
  type Frame,
  LLMContext,
  type LLMContextOptions,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  type LLMMessage,
  type LLMService,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  TextFrame,
  type InferenceRecord,
} from "turnwire";
import { type Brain, type BrainOutput, ResponsesServer, type ResponsesServerOptions } from "@turnwire/server";

/** Keeps the warnings: one that a test did not ask for is a failure. */
export class RecordingLogger {
  readonly warnings: string[] = [];
  debug(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
}

export interface Setup extends AsyncDisposable {
  server: ResponsesServer;
  llm: OpenAIResponsesLLMService;
  logger: RecordingLogger;
  records: InferenceRecord[];
}

export async function setup(
  server: ResponsesServerOptions = {},
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Setup> {
  const started = await ResponsesServer.start({ cancel: "honour", ...server });
  const logger = new RecordingLogger();
  const llm = new OpenAIResponsesLLMService({ apiKey: "test", baseURL: started.url, logger, ...options });
  const records: InferenceRecord[] = [];
  llm.on("inference", (record) => void records.push(record));
  return {
    server: started,
    llm,
    logger,
    records,
    async [Symbol.asyncDispose]() {
      await llm.stop();
      await started.close();
    },
  };
}

export const text = (delta: string): BrainOutput => ({ type: "text", delta });

export const call = (name: string, args: unknown = {}, callId?: string): BrainOutput => ({
  type: "function_call",
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
  ...(callId === undefined ? {} : { callId }),
});

/** A brain that gives these answers in turn, and the last one from then on. */
export function script(...answers: ReadonlyArray<Brain | string | readonly BrainOutput[]>): Brain {
  let asked = 0;
  return (request) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? "";
    asked += 1;
    if (typeof answer === "function") return answer(request);
    return typeof answer === "string" ? [text(answer)] : answer;
  };
}

/** A brain that says the first text, then nothing more until nobody wants to hear it. */
export function saysOnly(first: string): Brain {
  return async function* ({ signal }) {
    yield text(first);
    await fired(signal);
  };
}

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export const user = (content: string): { role: "user"; content: string } => ({ role: "user", content });

export function contextOf(said: string, options: LLMContextOptions = {}): LLMContext {
  return new LLMContext({ ...options, messages: [...(options.messages ?? []), user(said)] });
}

export async function collect(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** What came until the end or the error, and the error. */
export async function collectWithError(frames: AsyncIterable<Frame>): Promise<{ frames: Frame[]; error: unknown }> {
  const all: Frame[] = [];
  try {
    for await (const frame of frames) all.push(frame);
  } catch (error) {
    return { frames: all, error };
  }
  return { frames: all, error: undefined };
}

export function textOf(frames: readonly Frame[]): string {
  return frames.map((frame) => (frame instanceof TextFrame ? frame.text : "")).join("");
}

export function endsOf(frames: readonly Frame[]): LLMFullResponseEndFrame[] {
  return frames.filter((frame) => frame instanceof LLMFullResponseEndFrame);
}

/** The user says something, the model answers. */
export async function say(llm: LLMService, context: LLMContext, said: string): Promise<string> {
  context.addMessage(user(said));
  return textOf(await collect(llm.respond(context)));
}

/** A context's messages, one short line each: `user: Hi`, `assistant: Let me see. [look#c1]`, `tool#c1: {"a":1}`. */
export function gist(context: LLMContext): string[] {
  return context.messages.map(gistOf);
}

function gistOf(message: LLMMessage): string {
  if (!("role" in message)) return `(${message.llm})`;
  const content = typeof message.content === "string" ? message.content : JSON.stringify(message.content ?? "");
  const said = content === '""' ? "" : content;
  if (message.role === "tool") return `tool#${message.tool_call_id}: ${said}`;
  if (message.role !== "assistant") return `${message.role}: ${said}`;
  const calls = (message.tool_calls ?? []).map((one) =>
    one.type === "function" ? `${one.function.name}#${one.id}` : one.id,
  );
  return `assistant: ${[said, ...(calls.length === 0 ? [] : [`[${calls.join(" ")}]`])].filter((part) => part !== "").join(" ")}`;
}

/** What is wrong with a context: every call has exactly one output, directly behind the message that makes the calls. */
export function flawsOf(context: LLMContext): string[] {
  const flaws: string[] = [];
  let open = new Set<string>();
  const closeAt = (index: number): void => {
    for (const id of open) flaws.push(`messages[${index}] comes before the output of ${id}`);
    open = new Set();
  };
  for (const [index, message] of context.messages.entries()) {
    if ("role" in message && message.role === "tool") {
      if (!open.delete(message.tool_call_id)) flaws.push(`messages[${index}] is an output of no open call`);
      continue;
    }
    closeAt(index);
    if ("role" in message && message.role === "assistant") {
      open = new Set((message.tool_calls ?? []).map(({ id }) => id));
      if (open.size !== (message.tool_calls ?? []).length) flaws.push(`messages[${index}] makes one call twice`);
    }
  }
  closeAt(context.messages.length);
  return flaws;
}

/** What is wrong with the frames: they are whole responses, one behind the other. */
export function bracketFlaws(frames: readonly Frame[]): string[] {
  const flaws: string[] = [];
  let open = false;
  for (const [index, frame] of frames.entries()) {
    if (frame instanceof LLMFullResponseStartFrame) {
      if (open) flaws.push(`frames[${index}] begins a response within another`);
      open = true;
    } else if (frame instanceof LLMFullResponseEndFrame) {
      if (!open) flaws.push(`frames[${index}] ends a response that was not begun`);
      open = false;
    } else if (frame instanceof TextFrame && !open) flaws.push(`frames[${index}] is text outside of a response`);
  }
  if (open) flaws.push("the last response does not end");
  return flaws;
}

/** One turn of the event loop: sockets are read, timers fire. */
export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Looks again at every turn of the event loop until it holds; the test's time limit is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turnOfLoop();
}
