import { describe, expect, it } from "vitest";
import {
  InvalidArgumentError,
  OpenAIResponsesHttpLLMService,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
} from "turnwire";

const overWebsocket = (options: unknown): unknown => new OpenAIResponsesLLMService(options as never);
const overHttp = (options: unknown): unknown => new OpenAIResponsesHttpLLMService(options as never);

function refusalOf(make: (options: unknown) => unknown, options: unknown): InvalidArgumentError {
  try {
    make(options);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
  throw new Error("the options were taken");
}

describe("options of the OpenAI services", () => {
  it.each<[options: object, field: string, says: string]>([
    [{ settings: { model: "m" } }, "settings", "the settings are options of their own"],
    [{ systemInstruction: "x" }, "systemInstruction", "it is called `instructions`"],
    [{ maxCompletionTokens: 1 }, "maxCompletionTokens", "it is called `maxTokens`"],
    [{ client: {} }, "client", "give a `fetch` instead"],
    [{ clock: {} }, "clock", "it belongs to the option `environment`"],
    [{ idleMs: 1 }, "idleMs", "it belongs to the option `timeouts`"],
    [{ tools: [] }, "tools", "it belongs to the context"],
    [{ temprature: 1 }, "temprature", "did you mean `temperature`?"],
    [{ temperature: 3 }, "temperature", "expected a number from 0 to 2"],
    [{ model: "" }, "model", "expected a non-empty string"],
    [{ timeouts: { idelMs: 1 } }, "timeouts.idelMs", "did you mean `timeouts.idleMs`?"],
    [{ timeouts: { idleMs: 0 } }, "timeouts.idleMs", "expected milliseconds above 0"],
    [{ timeouts: 5 }, "timeouts", "expected an object"],
    [{ onConnectionLost: "continue" }, "onConnectionLost", 'expected "fail" or "resume"'],
    [{ retryOnTimeout: 1 }, "retryOnTimeout", "expected true or false"],
    [{ environment: { clock: {} } }, "environment.clock", "expected a clock with now() and schedule()"],
    [{ defaultHeaders: { a: 1 } }, "defaultHeaders.a", "expected a string"],
  ])("refuse %o on either transport", (options, field, says) => {
    for (const make of [overWebsocket, overHttp]) {
      const error = refusalOf(make, options);
      expect(error).toMatchObject({ field });
      expect(error.message).toContain(says);
    }
  });

  it.each<[options: object, field: string]>([
    [{ heartbeat: true }, "heartbeat"],
    [{ heartbeat: { intervalMs: 0 } }, "heartbeat.intervalMs"],
    [{ onInterrupt: "cut" }, "onInterrupt"],
    [{ warmUp: {} }, "warmUp"],
    [{ pool: {} }, "pool"],
    [{ giveUpAfter: { failures: 0, withinMs: 1 } }, "giveUpAfter.failures"],
    [{ backoff: { maxAttempts: 1.5 } }, "backoff.maxAttempts"],
    [{ timeouts: { connectMs: Infinity } }, "timeouts.connectMs"],
  ])("refuse %o of the WebSocket", (options, field) => {
    expect(refusalOf(overWebsocket, options)).toMatchObject({ field });
  });

  it.each(["standby", "pool", "heartbeat", "onInterrupt", "warmUp", "httpFallback"])("over HTTP have no %s", (name) => {
    expect(refusalOf(overHttp, { [name]: false })).toMatchObject({ field: name });
  });

  it("say no value that was given", () => {
    const secret = "sk-secret-key";
    for (const name of ["model", "baseURL", "apiKey"]) {
      const { message } = refusalOf(overWebsocket, { [name]: [secret] });
      expect(message).not.toContain(secret);
    }
  });

  it("are taken when they are right, undefined ones as not given", () => {
    const options: OpenAIResponsesLLMServiceOptions = {
      model: "m",
      instructions: "",
      maxTokens: 5,
      apiKey: () => Promise.resolve("k"),
      heartbeat: false,
      timeouts: { connectMs: 1, retryMs: 0, drainMs: 0 },
      environment: { random: () => 0 },
    };
    const llm = new OpenAIResponsesLLMService({ ...options, temperature: undefined });
    expect(llm.settings).toEqual({ model: "m", instructions: "", maxTokens: 5 });
  });
});
