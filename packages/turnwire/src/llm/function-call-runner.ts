import { type Clock, Deadline, type Logger, untilAborted } from "../async/index.ts";
import {
  cancelledOutput,
  type FunctionHandler,
  type FunctionOptions,
  type FunctionTool,
  type LLMContext,
} from "../context/index.ts";
import { FunctionCallError, kindOf, TimeoutError } from "../errors.ts";
import {
  type FunctionCall,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
} from "../frames/index.ts";
import type { FrameSink } from "./inference.ts";

/** A function that was registered on a service. */
export interface RegisteredFunction extends FunctionOptions {
  handler: FunctionHandler;
}

/** The settings of a run of the calls of one response. */
export interface FunctionCallRun {
  calls: readonly FunctionCall[];
  context: LLMContext;
  registered: ReadonlyMap<string, RegisteredFunction>;
  /** Fires on an interruption, and when the service stops. */
  signal: AbortSignal;
  /** Fires when the service stops, which cancels every function. */
  stopped: AbortSignal;
  parallel: boolean;
  /** The time limit of a function that has none of its own, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: Logger;
  sink: FrameSink;
  /** Takes the result of a function that went on after an interruption. */
  lateSink: FrameSink;
}

interface Outcome {
  output: string;
  failed: boolean;
}

/** Runs the calls, and delivers one result or one cancellation for each. Returns the calls that were cancelled. */
export async function runFunctionCalls(run: FunctionCallRun): Promise<FunctionCall[]> {
  const cancelled: FunctionCall[] = [];
  const runOne = async (call: FunctionCall): Promise<void> => {
    if (!(await runCall(run, call))) cancelled.push(call);
  };
  if (run.parallel) await Promise.all(run.calls.map(runOne));
  else for (const call of run.calls) await runOne(call);
  return cancelled;
}

/** Runs one call. Returns false when it was cancelled. */
async function runCall(run: FunctionCallRun, call: FunctionCall): Promise<boolean> {
  const tool = run.context.tools.find(({ name }) => name === call.functionName);
  const registered = run.registered.get(call.functionName);
  const options: FunctionOptions = { ...tool, ...registered };
  const cancelOnInterruption = options.cancelOnInterruption ?? true;
  const interruption = cancelOnInterruption ? run.signal : run.stopped;
  if (run.signal.aborted) {
    await run.sink(new FunctionCallCancelFrame(call, cancelledOutput));
    return false;
  }
  await run.sink(new FunctionCallInProgressFrame(call, { cancelOnInterruption }));
  const outcome = execute(run, call, tool, registered, options.timeoutMs ?? run.timeoutMs, interruption);
  const result = async (sink: FrameSink): Promise<void> => {
    const { output, failed } = await outcome;
    await sink(new FunctionCallResultFrame(call, output, { failed, runLLM: options.runLLM ?? true }));
  };
  try {
    await untilAborted(outcome, run.signal);
  } catch {
    if (cancelOnInterruption || run.stopped.aborted) {
      await run.sink(new FunctionCallCancelFrame(call, cancelledOutput));
      return false;
    }
    result(run.lateSink).catch((error: unknown) => run.logger.warn("a late function result was lost", { error }));
    return true;
  }
  await result(run.sink);
  return true;
}

/** A timer with a longer delay, such as Infinity, fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Runs the function of a call. Never rejects: the model gets the error. */
async function execute(
  run: FunctionCallRun,
  call: FunctionCall,
  tool: FunctionTool | undefined,
  registered: RegisteredFunction | undefined,
  timeoutMs: number,
  interruption: AbortSignal,
): Promise<Outcome> {
  const limitMs = Math.min(timeoutMs, longestTimerMs);
  using limit = new Deadline(`function ${call.functionName}`, limitMs, { signal: interruption, clock: run.clock });
  try {
    const handler = (registered?.handler ?? tool?.execute) as FunctionHandler<unknown> | undefined;
    if (handler === undefined) throw unknownFunction(run, call, tool);
    const args = await untilAborted(checkArguments(call, tool), limit.signal);
    const params = {
      functionName: call.functionName,
      toolCallId: call.toolCallId,
      signal: limit.signal,
      messages: run.context.messages,
    };
    const answer = await untilAborted(Promise.resolve(handler(args, params)), limit.signal);
    return { output: toOutput(answer), failed: false };
  } catch (error) {
    if (!interruption.aborted) run.logger.debug(`the function ${call.functionName} failed`, { error });
    return { output: JSON.stringify({ error: errorMessage(error) }), failed: true };
  }
}

async function checkArguments(call: FunctionCall, tool: FunctionTool | undefined): Promise<unknown> {
  let args: unknown;
  try {
    args = call.arguments.trim() === "" ? {} : JSON.parse(call.arguments);
  } catch (error) {
    throw new FunctionCallError(call.functionName, "the arguments are not valid JSON; the function was not run", {
      cause: error,
    });
  }
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw new FunctionCallError(call.functionName, "the arguments are not a JSON object; the function was not run");
  }
  if (tool === undefined) return args;
  const checked = await tool.check(args);
  if ("value" in checked) return checked.value;
  throw new FunctionCallError(
    call.functionName,
    `the arguments do not fit the function's parameters; the function was not run: ${checked.problem}`,
  );
}

function unknownFunction(run: FunctionCallRun, call: FunctionCall, tool: FunctionTool | undefined): FunctionCallError {
  if (tool !== undefined) {
    return new FunctionCallError(call.functionName, `the function ${call.functionName} cannot be run here`);
  }
  const known = new Set([...run.context.tools.map(({ name }) => name), ...run.registered.keys()]);
  const hint = known.size === 0 ? "there are no functions" : `there are: ${[...known].join(", ")}`;
  return new FunctionCallError(call.functionName, `there is no function called ${call.functionName}; ${hint}`);
}

function toOutput(answer: unknown): string {
  if (typeof answer === "string") return answer;
  return JSON.stringify(answer) ?? "null";
}

function errorMessage(error: unknown): string {
  if (error instanceof TimeoutError) return `the function took longer than ${error.limitMs} ms`;
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : `the function threw ${kindOf(error)}`;
}
